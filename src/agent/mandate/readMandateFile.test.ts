// A mandate reads the same in TOML and JSON, with npubs and keys, dates and seconds; what is damaged is told where and never obeyed.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { POLICY_PRESETS } from '../../cli/policyPresets.ts';
import { encodeNpub } from '../../nostr/npub.ts';
import { readMandateFile } from './readMandateFile.ts';

const KEY = '79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798';
const TOML = `version = 1
name = "n"
role = "buyer"
valid_until = 2027-01-31T12:00:00+01:00
[services]
capabilities = ["translation"]
[peers]
allow = ["${encodeNpub(KEY)}"] # by npub
[limits]
per_deal_msat = 1_000
per_day_msat = "3000"
open_msat = 2000
[disclosure]
terms = ["*"]
free_text = true
max_text_chars = 100
`;
const JSON_TEXT = JSON.stringify({
  version: 1,
  name: 'n',
  role: 'buyer',
  valid_until: '2027-01-31T11:00:00Z',
  services: { capabilities: ['translation'] },
  peers: { allow: [KEY] },
  limits: { per_deal_msat: '1000', per_day_msat: 3000, open_msat: 2000 },
  disclosure: { terms: ['*'], free_text: true, max_text_chars: 100 },
});

function digestOf(text: string): string {
  const file = readMandateFile(text);
  return file.kind === 'ok' ? file.digest : file.problems.map((each) => each.text).join(' ');
}

const problemsOf = (text: string): readonly string[] => {
  const file = readMandateFile(text);
  return file.kind === 'ok' ? [] : file.problems.map(({ path, code }) => `${path} ${code}`);
};

describe('a mandate file', () => {
  it('has one digest, however it is written', () => {
    expect(digestOf(TOML)).toMatch(/^[0-9a-f]{64}$/);
    expect(digestOf(JSON_TEXT)).toBe(digestOf(TOML));
    expect(digestOf(`# a comment\n${TOML}`)).toBe(digestOf(TOML));
    expect(digestOf(TOML.replace('1_000', '1_001'))).not.toBe(digestOf(TOML));
  });

  it('may be a preset as it stands, and with the strategy that it proposes', () => {
    for (const preset of Object.values(POLICY_PRESETS)) {
      expect(problemsOf(preset)).toEqual([]);
      const proposed = preset.replace(/^# (\[bargain\]|strategy = |rounds = )/gm, '$1');
      expect(problemsOf(proposed)).toEqual([]);
      expect(proposed).toMatch(/^\[bargain\].*\nstrategy = .*\nrounds = 12/m);
    }
  });

  it('is told what could stand there instead', () => {
    const wrong = `${TOML}\n[bargain]\nstrategy = "./mine.js#mine"\n[approval]\nwhen = ["always"]\n[hours]\nopen = []\nclosed = 1`
      .replace('role = "buyer"', 'role = "broker"')
      .replace(/^(\[peers\])$/m, '$1\nmin_trust = 101');
    const told = digestOf(wrong);
    expect(told).toContain('role is none of the words that can stand here: it is buyer, seller or both.');
    expect(told).toContain('peers.min_trust is more than there is room for: it is at most 100.');
    expect(told).toMatch(
      /approval\.when\[0\] is none of the words that can stand here: it is signature, presigned-offer, .* or publication\./,
    );
    expect(told).toContain('bargain.strategy names a module of your own, which no policy does');
    expect(told).toContain('hours.closed is no field of a policy;');
  });

  it('has one digest for a strategy by its name and by its kind and options', () => {
    const withStrategy = (strategy: string): string => digestOf(`${TOML}\n[bargain]\nstrategy = ${strategy}\n`);
    expect(withStrategy('"linear"')).toBe(withStrategy('{ kind = "time", exponent = 1 }'));
    expect(withStrategy('"linear"')).toMatch(/^[0-9a-f]{64}$/);
    expect(withStrategy('"boulware"')).not.toBe(withStrategy('"linear"'));
    expect(problemsOf(`${TOML}\n[bargain]\nstrategy = "psychic"\nrounds = 1.5`)).toEqual([
      'bargain.strategy strategy',
      'bargain.rounds rounds',
    ]);
  });

  it('is told where it is damaged', () => {
    expect(problemsOf('version = 1\nname = = 2')).toEqual(['line 2 syntax']);
    expect(problemsOf('{"version": 1,}')).toEqual(['line 1, column 15 syntax']);
    expect(problemsOf(`${TOML}\n[limits]\nopen_msat = 1`)).toEqual(['line 18 syntax']);
    expect(problemsOf('x'.repeat(65_537))).toEqual([' syntax']);
    expect(problemsOf(TOML.replace('+01:00', ''))).toEqual(['valid_until time']);
    expect(problemsOf(TOML.replace('2027-01-31T12:00:00+01:00', '2027-01-31'))).toEqual(['valid_until time']);
    expect(problemsOf(JSON_TEXT.replace('11:00:00Z', '11:00:00'))).toEqual(['valid_until time']);
    expect(problemsOf(TOML.replace('npub1', 'npub2'))).toEqual(['peers.allow[0] key']);
    expect(problemsOf(TOML.replace('1_000', '9_007_199_254_740_993_000_000'))).toEqual(['limits.per_deal_msat amount']);
    expect(problemsOf(TOML.replace('1_000', '-1'))).toEqual(['limits.per_deal_msat amount']);
    expect(problemsOf(TOML.replace('1_000', '1000.5'))).toEqual(['limits.per_deal_msat amount']);
    expect(problemsOf(`${TOML}\n[__proto__]\nx = 1`)).not.toEqual([]);
  });

  it('is refused where JSON says a thing twice, whichever of both was meant', () => {
    const twice = JSON_TEXT.replace('"peers":', '"peers":{"allow":["*"],"deny":[]},"peers":');
    expect(problemsOf(twice)).toEqual(['peers twice']);
    expect(problemsOf(JSON_TEXT.replace('"open_msat":2000', '"open_msat":2000,"open\\u005fmsat":3000'))).toEqual(['open_msat twice']);
    // In two places, or among the values, it is nothing odd.
    expect(problemsOf(JSON_TEXT.replace('"n"', '"terms"'))).toEqual([]);
    expect(problemsOf(JSON_TEXT.replace('["translation"]', '["translation","peers","peers"]'))).toEqual([]);
  });

  it('never makes the reader throw', () => {
    fc.assert(fc.property(fc.string(), (text) => void readMandateFile(text)));
    // A letter of a good one that is another.
    fc.assert(
      fc.property(fc.integer({ min: 0, max: TOML.length - 1 }), fc.string({ minLength: 0, maxLength: 3 }), (at, text) => {
        readMandateFile(TOML.slice(0, at) + text + TOML.slice(at + 1));
      }),
    );
  });
});
