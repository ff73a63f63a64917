import { DAY_MS, HOUR_MS } from '../faults.ts';
import { RawDevice, madeUpRow } from '../liars/raw-session.ts';
import { auditCommit } from '../../../src/core/audit/draw.ts';
import { AUDITS_PER_DAY, DRAWN_PER_DAY } from '../../../src/agent/host/audit-desk.ts';
import { faultOf } from '../../../src/core/errors.ts';
import { KIB, SEALED_SEGMENT_BYTES } from '../../../src/core/limits.ts';
import { AUDIT_CHANCE_BYTES } from '../../../src/core/wire/limits.ts';
import type { Remote } from '../../../src/agent/session/types.ts';
import type { AgreementId } from '../../../src/core/ids.ts';
import type { Story } from '../story.ts';
import { Team } from '../team/team.ts';

const PIECE_BYTES = 512 * KIB;
const READS_PER_YEAR = 2;
const TERMS = { gives: 1024 * KIB, readsPerYear: READS_PER_YEAR, graceDays: 14, commitmentDays: 0 };
/** Of the owner that opens and does not answer; a holder lets it have another draw after 20 hours. */
const GRIND_HOURS = 72;
const DRAWS_MAX = Math.ceil(GRIND_HOURS / 20) + 1;
const SERVED_DAYS = 3;
const SEGMENTS_AN_AUDIT = 8;

/** What a holder gave an owner that asks for as much as it can. */
class Haul {
  readonly faults = new Map<string, number>();
  draws = 0;
  segments = 0;

  async try<T>(ask: Promise<T>): Promise<T | undefined> {
    try {
      return await ask;
    } catch (error) {
      const fault = faultOf(error);
      this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
      return undefined;
    }
  }

  get refusals(): string {
    return [...this.faults].map(([fault, times]) => `${times} ${fault}`).join(', ') || 'none';
  }
}

export const grinder: Story = {
  name: 'grinder',
  describe:
    'An owner opens audits again and again until it likes the draw, uses audits as a file server, and reads beyond what was agreed.',
  async tell(seed) {
    const team = await Team.found(seed);
    const { world } = team;
    const [holder] = await team.joinAll(2);
    const owner = await team.join('grinder', { honest: false });
    await team.pass(HOUR_MS);
    const raw = await RawDevice.inPlaceOf(team, owner);
    const random = world.random.fork('grinder');
    let remote = await raw.session(holder!);
    const agreement = await raw.agree(remote, TERMS);
    const piece = random.bytes(PIECE_BYTES);
    const row = madeUpRow(1, piece);
    await remote.put(agreement, row, piece);
    const connected = async (): Promise<Remote> => {
      if (remote.closed) remote = await raw.session(holder!);
      return remote;
    };
    const begin = async (haul: Haul): Promise<Parameters<Remote['answerAudit']>[1] | undefined> => {
      const to = await connected();
      const { digest } = await to.ledgerDigest(agreement);
      const chance = random.bytes(AUDIT_CHANCE_BYTES);
      const commit = auditCommit(termsOf(to, raw, agreement, digest), chance);
      const drawn = await haul.try(to.openAudit(agreement, { commit, digest, count: SEGMENTS_AN_AUDIT }));
      if (drawn === undefined) return undefined;
      haul.draws++;
      return { commit, chance, count: SEGMENTS_AN_AUDIT };
    };

    const grinding = new Haul();
    for (let hour = 0; hour < GRIND_HOURS; hour++) {
      for (let i = 0; i < 4; i++) await begin(grinding);
      await team.pass(HOUR_MS);
    }
    team.must(grinding.draws > 0, 'a holder lets no audit begin');
    team.must(
      grinding.draws <= DRAWS_MAX,
      `an owner got ${grinding.draws} draws to choose from in ${GRIND_HOURS} hours`,
    );
    team.must(
      (grinding.faults.get('busy') ?? 0) > 0,
      'an owner that leaves draws unanswered is not told to wait',
    );

    const serving = new Haul();
    const until = team.now + SERVED_DAYS * DAY_MS;
    await team.pass(DAY_MS);
    while (team.now < until + DAY_MS) {
      const reveal = await begin(serving);
      if (reveal !== undefined) {
        // Shown again and again, as to somebody whose line breaks each time.
        for (let i = 0; i < 4; i++) {
          const shown = await serving.try((await connected()).answerAudit(agreement, reveal));
          serving.segments += shown?.length ?? 0;
        }
      }
      await team.pass(HOUR_MS / 4);
    }
    const segmentsMax = (SERVED_DAYS + 1) * DRAWN_PER_DAY;
    team.must(
      serving.draws <= (SERVED_DAYS + 1) * AUDITS_PER_DAY,
      `${serving.draws} audits were begun in ${SERVED_DAYS} days`,
    );
    team.must(
      serving.segments <= segmentsMax,
      `${serving.segments} segments were shown in ${SERVED_DAYS} days`,
    );
    team.must(serving.segments > 0, 'a holder shows nothing');
    team.must(
      (serving.faults.get('refused') ?? 0) + (serving.faults.get('busy') ?? 0) > 0,
      'an owner that audits all day is never refused',
    );

    const reading = new Haul();
    let bytes = 0;
    for (let i = 0; i < 12; i++) {
      const to = await connected();
      const segments = await reading.try(to.get(agreement, row.row, 0, row.segments));
      for (const segment of segments ?? []) bytes += segment.length;
    }
    team.must(
      bytes <= READS_PER_YEAR * TERMS.gives,
      `${bytes} bytes were read where ${READS_PER_YEAR * TERMS.gives} a year are agreed`,
    );
    team.must(bytes >= PIECE_BYTES, 'an owner cannot read what it may');
    team.must((reading.faults.get('refused') ?? 0) > 0, 'reading beyond the allowance is not refused');
    return team.close('An owner that grinds, and uses a holder as a file server', [
      [
        'draws to choose from',
        `${grinding.draws} in ${GRIND_HOURS} hours of ${4 * GRIND_HOURS} asked for (${grinding.refusals})`,
      ],
      [
        'segments by audits',
        `${serving.segments} in ${SERVED_DAYS} days, at most ${DRAWN_PER_DAY} a day (${serving.refusals})`,
      ],
      [
        'of 64 KiB, chosen by nobody',
        `${((serving.segments * SEALED_SEGMENT_BYTES) / 2 ** 20).toFixed(1)} MiB`,
      ],
      [
        'read beside audits',
        `${(bytes / KIB).toFixed(0)} KiB of ${(READS_PER_YEAR * TERMS.gives) / KIB} KiB a year (${reading.refusals})`,
      ],
    ]);
  },
};

function termsOf(
  to: Remote,
  { identity }: RawDevice,
  agreement: AgreementId,
  digest: Uint8Array<ArrayBuffer>,
) {
  const { cooperative, device } = to.peer;
  const owner = { device: identity.device, account: identity.keys.account };
  return { cooperative, owner, holder: device, agreement, digest, count: SEGMENTS_AN_AUDIT };
}
