import { RoostError } from '../../../src/core/errors.ts';

/** The devices, one account each, as arrays by slot. A slot is taken again once its device is gone and forgotten by all owners. */
export class Members {
  readonly capacity: number;
  readonly storageClass: Uint8Array;
  readonly family: Uint8Array;
  readonly place: Int32Array;
  /** subtree of the roster in which the account stands */
  readonly inviter: Int32Array;
  readonly zone: Uint8Array;
  /** middle of the device's day against that of others, hours */
  readonly rhythm: Float32Array;

  readonly alive: Uint8Array;
  readonly leaving: Uint8Array;
  readonly online: Uint8Array;
  /** 0 none, 1 to SUSPICION_STEPS through the time of grace, RENEGED beyond */
  readonly suspicion: Uint8Array;
  readonly offSince: Float64Array;
  readonly nextOn: Float64Array;
  readonly nextOff: Float64Array;
  /** counts the lives of the slot: events of a former life are void */
  readonly life: Int32Array;
  /** counts comings and goings: events of a former one are void */
  readonly turn: Int32Array;

  /** has an appliance of its own that looks after its packs */
  readonly delegate: Uint8Array;

  readonly held: Int32Array;
  readonly room: Int32Array;
  readonly firstSlot: Int32Array;
  /** pieces lost here of which their owners have not heard */
  readonly unsaid: Int32Array;

  /** Members who neither left nor said that they leave, in no order, to choose from by chance. */
  readonly present: Int32Array;
  presentCount = 0;
  readonly #presentAt: Int32Array;
  readonly #free: Int32Array;
  #freeCount: number;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.storageClass = new Uint8Array(capacity);
    this.family = new Uint8Array(capacity);
    this.place = new Int32Array(capacity);
    this.inviter = new Int32Array(capacity);
    this.zone = new Uint8Array(capacity);
    this.rhythm = new Float32Array(capacity);
    this.alive = new Uint8Array(capacity);
    this.leaving = new Uint8Array(capacity);
    this.online = new Uint8Array(capacity);
    this.suspicion = new Uint8Array(capacity);
    this.offSince = new Float64Array(capacity);
    this.nextOn = new Float64Array(capacity);
    this.nextOff = new Float64Array(capacity);
    this.life = new Int32Array(capacity);
    this.turn = new Int32Array(capacity);
    this.delegate = new Uint8Array(capacity);
    this.held = new Int32Array(capacity);
    this.room = new Int32Array(capacity);
    this.firstSlot = new Int32Array(capacity).fill(-1);
    this.unsaid = new Int32Array(capacity);
    this.present = new Int32Array(capacity);
    this.#presentAt = new Int32Array(capacity).fill(-1);
    // The last is taken first: slot 0 to begin with.
    this.#free = Int32Array.from({ length: capacity }, (_, i) => capacity - 1 - i);
    this.#freeCount = capacity;
  }

  /** A slot for a newcomer, present and with nothing held. @throws RoostError 'full' when all slots are taken */
  join(): number {
    if (this.#freeCount === 0) {
      throw new RoostError(
        'full',
        `the model has room for ${this.capacity} devices, those silently gone included`,
      );
    }
    const device = this.#free[--this.#freeCount]!;
    this.alive[device] = 1;
    this.leaving[device] = 0;
    this.online[device] = 0;
    this.suspicion[device] = 0;
    this.#presentAt[device] = this.presentCount;
    this.present[this.presentCount++] = device;
    return device;
  }

  /** Whether somebody looks after the member's packs at this moment. */
  attended(device: number): boolean {
    return this.online[device] === 1 || this.delegate[device] === 1;
  }

  /** No new pieces go to this member any more. */
  withdraw(device: number): void {
    const at = this.#presentAt[device]!;
    if (at < 0) return;
    const last = this.present[--this.presentCount]!;
    this.present[at] = last;
    this.#presentAt[last] = at;
    this.#presentAt[device] = -1;
  }

  /** Every owner knows that this device is gone. */
  release(device: number): void {
    this.life[device]!++;
    this.turn[device]!++;
    this.#free[this.#freeCount++] = device;
  }
}
