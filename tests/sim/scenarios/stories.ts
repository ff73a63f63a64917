import type { Story } from '../story.ts';
import { absence } from './absence.ts';
import { departure } from './departure.ts';
import { durableAcks } from './durable-acks.ts';
import { lostPieces } from './lost-pieces.ts';
import { releaseOrder } from './release-order.ts';

/** Every scenario with a plot that can be named on the command line. */
export const STORIES: readonly Story[] = [absence, departure, lostPieces, durableAcks, releaseOrder];
