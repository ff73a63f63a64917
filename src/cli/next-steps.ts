import type { Fault } from '../core/errors.ts';

/** What to do about a fault, in one sentence. */
export function nextStep(fault: Fault): string {
  switch (fault) {
    case 'corrupt':
      return 'Run "roost check --read-all" to see what is whole; pieces of other partners replace damaged ones.';
    case 'malformed':
      return 'Make sure that all sides run the same version of Roost; then try again.';
    case 'too-few':
      return 'Ask members to open Roost and try again once more of them are online ("roost partners" shows who is).';
    case 'not-found':
      return 'Check the path or name: "roost snapshots", "roost ls SNAPSHOT" and "roost partners" show what there is.';
    case 'refused':
      return 'Ask a steward of the cooperative whether this account is still a member.';
    case 'wrong-words':
      return 'Compare each of the twelve words, their order and the broker with your recovery sheet.';
    case 'bad-invite':
      return 'Ask a steward of the cooperative for a new invite link.';
    case 'unreachable':
      return 'Check that the broker runs at the address given and that this machine is online; then try again.';
    case 'timeout':
      return 'Check the connection and try again; what was saved already is not sent twice.';
    case 'full':
      return 'Free some disk, or ask members to offer more space.';
    case 'denied':
      return 'Give your user access to the path named, or leave it out.';
    case 'unsupported':
      return 'See README.md for what this machine needs.';
    case 'usage':
      return 'See "roost help".';
    case 'busy':
      return 'Wait until the other roost process with this home has ended, or end it, or choose another --home.';
    case 'aborted':
      return 'Run the same command again: it goes on where it stopped.';
    case 'internal':
      return 'This is a mistake in Roost: please report it with the message above.';
    default:
      return fault satisfies never;
  }
}
