import type { Bytes } from '../../core/bytes.ts';
import { RoostError, faultOf } from '../../core/errors.ts';
import type { DeviceId } from '../../core/ids.ts';
import { parseDeviceId } from '../../core/ids.ts';
import type { Duty } from '../../core/partnership/duty.ts';
import type { AgentContext } from '../context.ts';
import type { OpenCooperation } from '../network/cooperation.ts';
import type { PackSurvey } from '../repair/survey.ts';
import { surveyPacks } from '../repair/survey.ts';
import { dutyPacks } from './duty-source.ts';
import type { DutyStore } from './duty-store.ts';
import { endDuty, pushDuty } from './push-duty.ts';
import { shouldStandIn } from './stand-in.ts';

const DELEGATE_KEY = 'delegate';

/** Both sides of standing in: the device that looks after ours while we are away, and those that we look after. */
export class Duties {
  readonly store: DutyStore;
  readonly #context: AgentContext;
  readonly #cooperation: OpenCooperation;
  #standsInFor: ReadonlySet<DeviceId> = new Set();

  constructor(context: AgentContext, cooperation: OpenCooperation, store: DutyStore) {
    this.#context = context;
    this.#cooperation = cooperation;
    this.store = store;
  }

  /** Devices of the account that have been away for so long that this one acts for them, as of the last `survey`. */
  get standsInFor(): ReadonlySet<DeviceId> {
    return this.#standsInFor;
  }

  /** Keeps a part of another device's duty. @returns whether it is whole now */
  async take(duty: Duty, encoded: Bytes): Promise<boolean> {
    const { clock } = this.#context.platform;
    this.#cooperation.records.update(duty.by.device, { lastSeenAt: clock.now() });
    return this.store.take(duty, encoded);
  }

  /** Looks for whom this device has to act, and how their packs lie. */
  async survey(): Promise<readonly PackSurvey[]> {
    const { clock } = this.#context.platform;
    const connected = new Set(this.#cooperation.connected().map(({ peer }) => peer.device));
    const owners = (await this.store.owners()).filter(
      (owner) =>
        !connected.has(owner) && shouldStandIn(this.#cooperation.records.get(owner).lastSeenAt, clock.now()),
    );
    this.#standsInFor = new Set(owners);
    const surveys: PackSurvey[] = [];
    for (const owner of owners) {
      surveys.push(await surveyPacks(this.#context, dutyPacks(this.#context, this.store, owner)));
    }
    return surveys;
  }

  /**
   * Which device acts for this one while it is away. Ends the duty of the one before.
   * @throws RoostError 'usage' for this very device or one of another account; what the session throws when it is not in reach: it is told later
   */
  async setDelegate(device: DeviceId | undefined): Promise<void> {
    const { platform } = this.#context;
    if (device !== undefined) await this.#mustBeOurs(device);
    const before = await this.#delegate();
    await this.#remember(device);
    if (before !== undefined && before !== device) {
      await endDuty(this.#context, before).catch((error: unknown) => {
        platform.log.info('delegate.not-told', { device: before, fault: faultOf(error) });
      });
    }
    if (device !== undefined) await pushDuty(this.#context, device);
  }

  /** As far as can be told: who cannot be reached is asked when it is told of its duty. */
  async #mustBeOurs(device: DeviceId): Promise<void> {
    const { cooperation, keys, device: self } = this.#context;
    if (device === self)
      throw new RoostError('usage', 'a delegate must be another device than this one, got its own id');
    const remote = await cooperation.session(device).catch(() => undefined);
    if (remote !== undefined && remote.peer.account !== keys.account)
      throw new RoostError(
        'usage',
        `a delegate must be a device of this account, ${device} is another member's`,
      );
  }

  /** Tells the delegate which packs there are now, and that we are there. What cannot be told now is told after the next look. */
  async push(): Promise<void> {
    const device = await this.#delegate();
    if (device === undefined) return;
    try {
      await pushDuty(this.#context, device);
    } catch (error) {
      this.#context.platform.log.info('delegate.not-told', { device, fault: faultOf(error) });
      // It was not in reach when it was chosen, and turns out to be another member's.
      if (faultOf(error) === 'usage') await this.#remember(undefined);
    }
  }

  async #remember(delegate: DeviceId | undefined): Promise<void> {
    const { repository } = this.#context;
    await repository.apply([repository.operations.state(DELEGATE_KEY, delegate ?? '')]);
  }

  /** Whether a device is asked to act for this one while it is away. */
  async hasDelegate(): Promise<boolean> {
    return (await this.#delegate()) !== undefined;
  }

  async #delegate(): Promise<DeviceId | undefined> {
    const value = await this.#context.repository.state(DELEGATE_KEY);
    return typeof value === 'string' && value !== '' ? parseDeviceId(value) : undefined;
  }
}
