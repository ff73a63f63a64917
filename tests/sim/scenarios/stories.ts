import type { Story } from '../story.ts';
import { absence } from './absence.ts';
import { collusion } from './collusion.ts';
import { departure } from './departure.ts';
import { durableAcks } from './durable-acks.ts';
import { freeloaders } from './freeloaders.ts';
import { lostPieces } from './lost-pieces.ts';
import { lyingLedgers } from './lying-ledgers.ts';
import { releaseOrder } from './release-order.ts';
import { rollback } from './rollback.ts';
import { silenceAfterReveal } from './silence-after-reveal.ts';
import { grinder } from './grinder.ts';
import { relay } from './relay.ts';
import { sybils } from './sybils.ts';

/** Every scenario with a plot that can be named on the command line. */
export const STORIES: readonly Story[] = [
  absence,
  departure,
  lostPieces,
  durableAcks,
  releaseOrder,
  freeloaders,
  silenceAfterReveal,
  lyingLedgers,
  rollback,
  collusion,
  grinder,
  relay,
  sybils,
];
