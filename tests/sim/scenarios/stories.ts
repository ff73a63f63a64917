import type { Story } from '../story.ts';
import { absence } from './absence.ts';
import { absentOwner } from './absent-owner.ts';
import { auditDodge } from './audit-dodge.ts';
import { collusion } from './collusion.ts';
import { departure } from './departure.ts';
import { durableAcks } from './durable-acks.ts';
import { exposureOf } from './exposure.ts';
import { freeloaders } from './freeloaders.ts';
import { graceHopping } from './grace-hopping.ts';
import { grinder } from './grinder.ts';
import { lostPieces } from './lost-pieces.ts';
import { lyingLedgers } from './lying-ledgers.ts';
import { movedPieces } from './moved-pieces.ts';
import { phantom } from './phantom.ts';
import { relay } from './relay.ts';
import { releaseDodge } from './release-dodge.ts';
import { releaseOrder } from './release-order.ts';
import { removal } from './removal.ts';
import { rollback } from './rollback.ts';
import { silenceAfterReveal } from './silence-after-reveal.ts';
import { sybils } from './sybils.ts';
import { widePacks } from './wide-packs.ts';

/** Every scenario with a plot that can be named on the command line. */
export const STORIES: readonly Story[] = [
  absence,
  departure,
  lostPieces,
  durableAcks,
  releaseOrder,
  releaseDodge,
  freeloaders,
  silenceAfterReveal,
  lyingLedgers,
  auditDodge,
  rollback,
  collusion,
  grinder,
  relay,
  sybils,
  graceHopping,
  removal,
  phantom,
  absentOwner,
  movedPieces,
  widePacks,
  exposureOf(10_000, 0.99),
];
