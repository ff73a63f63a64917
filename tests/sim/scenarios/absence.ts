import { DAY_MS, HOUR_MS } from '../faults.ts';
import { everythingInPlace, headsEverywhere, receiptsSigned, restoresWithout } from '../laws/end-laws.ts';
import { holdersOf } from '../team/holders.ts';
import { Team } from '../team/team.ts';
import type { Story } from '../story.ts';

const CODE = 'reed-solomon:2+2';
const YEAR_MS = 365 * DAY_MS;
/** Of grace, and less than it. */
const AWAY_MS = 13 * DAY_MS;
/** A partner that is back is asked for a proof some seconds later; until then its word is all there is. */
const BEFORE_PROOF_MS = 3000;

export const absence: Story = {
  name: 'absence',
  describe:
    'A holder is away for a fortnight while clocks jump by a year: nobody is condemned, and who comes back proves what it keeps.',
  async tell(seed) {
    const team = await Team.found(seed);
    const { founder } = team;
    const members = await team.joinAll(6);
    for (const person of [founder, ...members]) {
      person.write('a', 90_000);
      person.write('b', 20_000);
      await team.save(person, CODE);
    }
    const [away, other] = holdersOf(team, founder);
    await team.pass(DAY_MS);
    team.crash(away!);
    const leftAt = team.now;
    await team.pass(3 * HOUR_MS);
    team.must(
      founder.sees(away!).state === 'suspect',
      'an appliance that was silent for three hours is not suspect',
    );
    founder.device.jumpClock(YEAR_MS);
    other!.device.jumpClock(-YEAR_MS);
    await team.pass(2 * DAY_MS);
    founder.device.jumpClock(-YEAR_MS);
    await team.pass(2 * DAY_MS);
    founder.device.jumpClock(-30 * DAY_MS);
    await team.pass(DAY_MS);
    founder.device.jumpClock(30 * DAY_MS);
    other!.device.jumpClock(YEAR_MS);
    await team.pass(leftAt + AWAY_MS - team.now);
    team.must(
      founder.sees(away!).state === 'suspect',
      'a holder that was silent for 13 days is not suspect any more',
    );
    team.must(
      (founder.sees(away!).graceEndsAt ?? 0) > founder.device.platform.clock.now(),
      'no grace is left on day 13',
    );
    await team.start(away!);
    await team.pass(BEFORE_PROOF_MS);
    team.must(founder.sees(away!).state === 'suspect', 'a holder was cleared by its coming back alone');
    await team.pass(HOUR_MS);
    team.must(
      founder.sees(away!).state === 'active',
      'a holder that is back and proves itself is not welcome',
    );
    await team.pass(2 * DAY_MS);
    for (const person of [founder, ...members]) {
      everythingInPlace(team, person);
      headsEverywhere(team, person);
      await receiptsSigned(team, person);
    }
    await restoresWithout(team, founder, holdersOf(team, founder).slice(0, 2));
    return team.close('A fortnight away, and clocks that jump', [
      ['members', `${team.people.length}, all honest`],
      ['away for', `${AWAY_MS / DAY_MS} days of 14 of grace`],
      ['condemned', `${team.standings.saidBy(away!.name, 'reneged').size}`],
      ['suspected it', `${team.standings.saidBy(away!.name, 'suspect').size} members`],
      ['audits', `${team.wire.counts.audits}`],
    ]);
  },
};
