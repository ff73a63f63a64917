/** The part of MessageChannel that is used; the one global that the simulator takes from its host. */
interface Port {
  onmessage: (() => void) | null;
  postMessage(message: undefined): void;
  close(): void;
}
declare const MessageChannel: new () => { readonly port1: Port; readonly port2: Port };

/**
 * Calls back once everything that is ready now has run: after one round of the host's event loop, or as soon as no microtask is
 * left where nothing works outside of them.
 */
export type NextTurn = (then: () => void) => void;

/** By the one means that browsers and Node.js share. */
export const nextTurnOfEventLoop: NextTurn = (then) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = (): void => {
    port1.close();
    then();
  };
  port2.postMessage(undefined);
};
