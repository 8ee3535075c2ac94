// Simulations: their figures are those of the single negotiations, the table says them, the plot shows them.

import { describe, expect, it } from 'vitest';
import { BUYER, PRICE, SELLER, SERVICE, SERVICE_BUYER, SERVICE_SELLER } from '../price.fixture.ts';
import { findProspects } from '../session/frontier.ts';
import { makeRandomScenario, type Scenario } from '../session/randomDomain.ts';
import { buildStrategy } from '../strategies/buildStrategy.ts';
import { NAMED_STRATEGIES, type NamedStrategy } from '../strategies/namedStrategies.ts';
import { drawPlot } from './plot.ts';
import { percent, renderTable } from './renderTable.ts';
import { playOne, simulate, type Contestant, type SimulationInput } from './simulate.ts';
import { escapeXml } from './svg.ts';

const contestant = (name: NamedStrategy): Contestant => ({ name, strategy: buildStrategy(NAMED_STRATEGIES[name]) });
const scenarios = Array.from({ length: 10 }, (_, i) =>
  makeRandomScenario(String(i), { sizes: [4, 3, 5], interests: 'opposed', reserves: [0.3, 0.3] }),
);
const INPUT: SimulationInput = {
  me: contestant('linear'),
  opponents: [contestant('boulware'), contestant('firm')],
  scenarios,
  rounds: 12,
  seed: 'a',
};

describe('a simulation', () => {
  it('has the means of its single negotiations, in which the sides take turns in speaking first', () => {
    const { rows, total, isExact } = simulate(INPUT);
    const played = scenarios.map((scenario, number) =>
      playOne(INPUT, { scenario, prospects: findProspects(scenario.domain, ...scenario.utilities), opponent: INPUT.opponents[0]!, number }),
    );
    expect(played.map(({ me }) => me)).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(rows[0]).toMatchObject({ opponent: 'boulware', played: 10, agreed: 10, agreementRate: 1, refused: 0 });
    expect(rows[0]!.myWorth).toBeCloseTo(mean(played.map(({ measures }) => measures.worths[0])), 12);
    expect(rows[0]!.theirWorth).toBeCloseTo(mean(played.map(({ measures }) => measures.worths[1])), 12);
    expect(rows[0]!.ofDeals!.nashDistance).toBeCloseTo(mean(played.map(({ measures }) => measures.nash!.distance)), 12);
    expect(total.played).toBe(20);
    expect(isExact).toBe(true);
    expect(simulate(INPUT)).toEqual(simulate(INPUT));
  });

  it('counts who is patient as the winner over who concedes', () => {
    const { rows } = simulate({ ...INPUT, me: contestant('conceder'), opponents: [contestant('boulware'), contestant('conceder')] });
    expect(rows[0]!.theirWorth).toBeGreaterThan(rows[0]!.myWorth + 0.1);
  });

  it('counts a side whose strategy fails as one without a deal, and says so', () => {
    const broken: Contestant = {
      name: 'broken',
      strategy: () => {
        throw new Error('no');
      },
    };
    const { rows } = simulate({ ...INPUT, opponents: [broken] });
    expect(rows[0]).toEqual({
      opponent: 'broken',
      played: 10,
      agreed: 0,
      agreementRate: 0,
      myWorth: expect.closeTo(0.3, 12) as number,
      theirWorth: expect.closeTo(0.3, 12) as number,
      refused: 10,
      faults: ['threw'],
    });
    expect(renderTable(simulate({ ...INPUT, opponents: [broken] }))[2]).toBe(
      'broken      0 %  0.300  0.300       –        –          –        –',
    );
  });
});

describe('the table', () => {
  it('has a line for each opponent and one for all, in columns', () => {
    const lines = renderTable(simulate(INPUT));
    expect(lines.map((line) => line.split(/\s/)[0])).toEqual(['opponent', '────────', 'boulware', 'firm', '────────', 'all']);
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
  });

  it('says 100 % for all and 0 % for none, and for nothing else', () => {
    expect([0, 0.001, 0.5, 0.999, 1].map(percent)).toEqual(['0 %', '1 %', '50 %', '99 %', '100 %']);
  });
});

describe('the plot', () => {
  const draw = (
    scenario: Scenario,
    title = 'A title',
    names = ['linear', 'variants'] as readonly [NamedStrategy, NamedStrategy],
  ): string => {
    const [me, opponent] = names.map(contestant) as [Contestant, Contestant];
    const prospects = findProspects(scenario.domain, ...scenario.utilities);
    const input = { ...INPUT, me, opponents: [opponent], scenarios: [scenario] };
    return drawPlot({
      title,
      myName: me.name,
      theirName: opponent.name,
      scenario,
      prospects,
      played: playOne(input, { scenario, prospects, opponent, number: 0 }),
    });
  };
  const PRICES: Scenario = { domain: PRICE, utilities: [BUYER, SELLER] };

  it('puts an outcome where its worth is, the deal and the fair points among them', () => {
    // The price of 5, worth 0.5 to both, is the deal and every fair point: in the middle of the area.
    const svg = draw(PRICES, 'Price', ['linear', 'linear']);
    expect(svg).toContain('<circle cx="340" cy="330" r="8" fill="none"');
    expect(svg).toContain('<path d="M333 330H347M340 323V337"');
    expect(svg.match(/<polygon/g)).toHaveLength(4);
    expect(svg).toContain('>deal in round 9</text>');
  });

  it('is well-formed whatever the names are, and the same for the same input', () => {
    const svg = draw({ domain: SERVICE, utilities: [SERVICE_BUYER, SERVICE_SELLER] }, '<script>alert("&")</script>\u0000\u202e');
    expect(svg).not.toContain('<script');
    expect(svg).toContain('&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt;');
    expect(svg).toBe(draw({ domain: SERVICE, utilities: [SERVICE_BUYER, SERVICE_SELLER] }, '<script>alert("&")</script>\u0000\u202e'));
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    const opened = [...svg.matchAll(/<([a-z]+)(?: [^<>]*)?(?<!\/)>/g)].map(([, name]) => name).sort();
    const closed = [...svg.matchAll(/<\/([a-z]+)>/g)].map(([, name]) => name).sort();
    expect(opened).toEqual(closed);
  });

  it('of a negotiation without a deal says so', () => {
    const greedy: Scenario = {
      domain: PRICE,
      utilities: [
        { ...BUYER, reserve: 0.7 },
        { ...SELLER, reserve: 0.7 },
      ],
    };
    const svg = draw(greedy, 'No deal', ['linear', 'linear']);
    expect(svg).toContain('>no deal in 12 rounds</text>');
    expect(svg).not.toContain('Infinity');
  });

  it('lets no markup through', () => {
    expect(escapeXml(`a<b>&"'\n\u0007`)).toBe('a&lt;b&gt;&amp;&quot;&#39;');
  });
});
