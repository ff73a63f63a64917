import type { AbortSignalLike } from '../../core/progress.ts';
import type { PackPlacer } from '../backup/pack-placer.ts';
import type { Partner } from '../network/types.ts';
import type { ProgressMeter } from '../progress-meter.ts';
import type { PackReader } from '../restore/pack-reader.ts';
import type { PackSource } from './pack-source.ts';
import type { Pace } from './pace.ts';

/** What a repair works with. */
export interface RepairWork {
  /** those that may get pieces */
  readonly partners: readonly Partner[];
  readonly placer: PackPlacer;
  readonly reader: PackReader;
  readonly signal: AbortSignalLike | undefined;
  readonly meter: ProgressMeter;
  /** how fast what can wait is done; a pack that has lost more than half of its parity does not wait */
  readonly pace: Pace;
  /** 'urgent': only what is lost or about to be */
  readonly only?: 'urgent';
  /** before a piece goes on record at a new holder */
  readonly onPlaced?: () => void;
  /** pieces that wait for a first holder are brought, too */
  readonly bring?: boolean;
  /** this device's own packs when left out */
  readonly source?: PackSource;
  /** no further pack is begun after so many milliseconds */
  readonly budgetMs?: number;
  /**
   * true before a backup: chunks of a pack that is lost for good are forgotten, so that the run reads them from the source again.
   * Otherwise what of such a pack can still be read stays in the index.
   */
  readonly giveUpLost?: boolean;
}
