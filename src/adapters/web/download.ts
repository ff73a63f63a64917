import type { FromDownload, ToDownload, ToServiceWorker } from '../../../workers/download-api.ts';
import type { Bytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SavePicker } from './file-system-access.ts';
import { systemRandom } from './system-random.ts';

/** Browsers stop a service worker after 30 seconds without an event. */
const ALIVE_EVERY_MS = 10_000;
const REGISTER_TIMEOUT_MS = 5_000;
/** The frame that started a download may go once it has surely begun. */
const FRAME_KEPT_MS = 60_000;

/**
 * Opens a download of unknown length: through the service worker when one controls the page, else into a file the user
 * picks, else collected in memory and saved at the end. To be called from a click.
 *
 * @throws RoostError 'aborted' when the user picks no file
 */
export async function openDownload(name: string, clock: Clock): Promise<WritableStream<Bytes>> {
  const { serviceWorker } = navigator as Partial<Navigator>;
  const controller = serviceWorker?.controller;
  if (controller != null) {
    const scope = (await serviceWorker!.ready).scope;
    const stream = await throughServiceWorker(controller, scope, name, clock);
    if (stream !== undefined) return stream;
  }
  const picker = window as Window & SavePicker;
  if (picker.showSaveFilePicker !== undefined) {
    try {
      const file = await picker.showSaveFilePicker({ suggestedName: name });
      return await file.createWritable();
    } catch (cause) {
      // SecurityError: the click was too long ago, or the page is framed.
      if (cause instanceof Error && cause.name !== 'SecurityError') {
        throw new RoostError('aborted', 'no file was chosen', { cause });
      }
    }
  }
  return collected(name, clock);
}

/** A stream whose bytes the service worker answers a hidden frame with; undefined when it does not answer. */
async function throughServiceWorker(
  worker: ServiceWorker,
  scope: string,
  name: string,
  clock: Clock,
): Promise<WritableStream<Bytes> | undefined> {
  const token = [...systemRandom.bytes(16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const { port1: port, port2: theirs } = new MessageChannel();
  const send = (message: ToDownload, transfer: Transferable[] = []): void =>
    port.postMessage(message, transfer);
  let room = 0;
  let onRoom: (() => void) | undefined;
  let cancelled: (() => void) | undefined;
  let stopAlive: () => void = () => undefined;

  const registered = new Promise<boolean>((resolve) => {
    const cancelTimeout = clock.after(REGISTER_TIMEOUT_MS, () => resolve(false));
    port.onmessage = ({ data }: MessageEvent<FromDownload>) => {
      switch (data.type) {
        case 'registered':
          cancelTimeout();
          resolve(true);
          return;
        case 'pull':
          room++;
          onRoom?.();
          return;
        case 'cancel':
          resolve(false);
          cancelled?.();
          return;
        default:
          data satisfies never;
      }
    };
  });
  worker.postMessage({ type: 'download', token, name } satisfies ToServiceWorker, [theirs]);
  if (!(await registered)) {
    port.close();
    return undefined;
  }

  const alive = (): void => {
    worker.postMessage({ type: 'download-alive' } satisfies ToServiceWorker);
    stopAlive = clock.after(ALIVE_EVERY_MS, alive);
  };
  const end = (message: ToDownload): void => {
    stopAlive();
    send(message);
  };
  const stream = new WritableStream<Bytes>({
    start(controller) {
      cancelled = () => {
        stopAlive();
        controller.error(new RoostError('aborted', 'the download was given up'));
        onRoom?.();
      };
    },
    async write(chunk, controller) {
      while (room === 0 && !controller.signal.aborted) {
        await new Promise<void>((resolve) => {
          onRoom = resolve;
          controller.signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
      room--;
      send({ type: 'chunk', bytes: chunk }, [chunk.buffer]);
    },
    close: () => end({ type: 'end' }),
    abort: () => end({ type: 'fail' }),
  });
  alive();
  startIn(new URL(`download/${token}`, scope).href, clock);
  return stream;
}

/**
 * A hidden frame, which the page's policy must allow (`frame-src 'self'`): browsers do not show the service worker what a link
 * with `download` asks for, and going there in the page itself would count as leaving it.
 */
function startIn(url: string, clock: Clock): void {
  const frame = document.createElement('iframe');
  frame.hidden = true;
  frame.src = url;
  document.body.append(frame);
  clock.after(FRAME_KEPT_MS, () => frame.remove());
}

/** The browser's own memory (and, for much, its disk) holds the parts until the end. */
function collected(name: string, clock: Clock): WritableStream<Bytes> {
  const parts: Blob[] = [];
  return new WritableStream<Bytes>({
    write: (chunk) => void parts.push(new Blob([chunk])),
    close() {
      const url = URL.createObjectURL(new Blob(parts, { type: 'application/zip' }));
      const link = document.createElement('a');
      link.href = url;
      link.download = name;
      link.click();
      clock.after(FRAME_KEPT_MS, () => URL.revokeObjectURL(url));
    },
  });
}
