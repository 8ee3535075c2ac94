// What is wrong with an input is told all at once, with places and what would be right, and without a value.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isNegotiateError } from '../core/errors.ts';
import { announceInput } from './announce.ts';
import { parseInput } from './compose.ts';
import { buyInput } from './jobs/order.ts';
import { plainInput, type InputSchema } from './plainInput.ts';

const SERVICE = { id: 'a', name: 'A', capabilities: ['translation'], list_sats: '1000', min_sats: '600', command: ['/bin/cat'] };
const ORDER = { find: 'translation', about: 'a page', maxMsat: 1_000n };

function tell(schema: InputSchema, input: unknown): string {
  try {
    parseInput(schema, input);
  } catch (error) {
    if (isNegotiateError(error) && error.code === 'input/invalid') return error.message;
    throw error;
  }
  return 'nothing is wrong';
}
const tellService = (service: object): string => tell(announceInput, { services: [{ ...SERVICE, ...service }] });

describe('one problem', () => {
  it.each([
    ['a floor above the price', { min_sats: '2000' }, 'services[0].min_sats is above list_sats'],
    ['no floor', { min_sats: undefined }, 'services[0].min_sats is missing.'],
    ['a price of 0', { list_sats: '0' }, 'services[0].list_sats must be an amount in sats above 0'],
    ['a price as a number', { list_sats: 5 }, 'services[0].list_sats must be an amount in sats above 0, in quotes'],
    ['more than all bitcoin', { list_sats: '9999999999999999' }, 'services[0].list_sats must be an amount in sats above 0'],
    ['no such strategy', { strategy: 'foo' }, 'services[0].strategy must be one of boulware, linear,'],
    ['no such kind', { strategy: { kind: 'tim' } }, 'services[0].strategy.kind must be one of time, tit-for-tat,'],
    ['a kind without its option', { strategy: { kind: 'time' } }, 'services[0].strategy.exponent is missing.'],
    ['an option out of range', { strategy: { kind: 'firm', level: 2 } }, 'the option level of a strategy is a number from 0 to 1.'],
    ['an own one without a module', { strategy: { kind: 'own' } }, 'services[0].strategy.module is missing.'],
    ['a time that is too long', { timeout_s: 4_000 }, 'services[0].timeout_s must be at most 3600.'],
    ['no time', { timeout_s: 1.5 }, 'services[0].timeout_s must be a whole number.'],
    ['a yes in words', { attest: 'yes' }, 'services[0].attest must be true or false.'],
    ['no capability', { capabilities: [] }, 'services[0].capabilities must not be empty.'],
    ['a capability with capitals', { capabilities: ['Law'] }, 'services[0].capabilities[0] must be a name of at most 64 small letters'],
    ['two ways to work', { endpoint: 'http://127.0.0.1:1/' }, 'services[0] needs either a command or an endpoint'],
    [
      'an endpoint elsewhere',
      { command: undefined, endpoint: 'http://example.com/' },
      'services[0].endpoint must be an http URL of this machine',
    ],
  ])('%s', (_what, service, words) => {
    const told = tellService(service);
    expect(told).toContain(words);
    expect(told.split('\n')).toHaveLength(1);
    expect(told).toMatch(/\. Correct it and try again\.$/);
  });

  it('is told of an order, of a list and of an input of texts', () => {
    expect(tell(buyInput, { ...ORDER, ask: { providers: 99 } })).toBe('ask.providers must be at most 16. Correct it and try again.');
    expect(tell(buyInput, { ...ORDER, strategy: 'foo' })).toContain('strategy must be one of boulware, ');
    expect(tell(buyInput, { ...ORDER, rounds: 1_000 })).toContain('rounds must be at most 100.');
    expect(tell(announceInput, { services: [SERVICE, SERVICE] })).toContain('services must have different ids');
    expect(tell(plainInput<{ nid: string }>({ nid: 'required' }), {})).toContain('nid is missing.');
    expect(tell(plainInput<{ nid: string }>({ nid: 'required' }), { nid: 'x', nidd: 'y' })).toContain('nidd is not known here;');
    expect(tell(announceInput, 7)).toBe('The input must be an object with fields. Correct it and try again.');
  });
});

describe('several problems', () => {
  it('are told together, a field that is not known by its name', () => {
    const { min_sats: _none, ...rest } = SERVICE;
    expect(tell(announceInput, { services: [{ ...rest, min_sat: '5', timeout_s: 0 }], withdraw: 'x' }).split('\n')).toEqual([
      'The input has 4 problems. Correct them and try again:',
      '  services[0].min_sats is missing.',
      '  services[0].timeout_s must be at least 1.',
      '  services[0].min_sat is not known here; take it out, or correct its spelling.',
      '  withdraw must be a list.',
    ]);
  });

  it('are counted where they are very many', () => {
    const input = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`x${i}`, 1]));
    expect(tell(z.strictObject({}), input)).toMatch(/has 30 problems.*\n {2}x0 is not known.*\n {2}And 10 more\.$/s);
  });
});

describe('whatever is wrong', () => {
  it('no value is told, and no code of a validator', () => {
    const secret = fc.constantFrom<unknown>('S3CRET', ['S3CRET'], { S3CRET: 1 }.S3CRET, 77_777_777, -77_777_777, { kind: 'S3CRET' }, null);
    const service = fc.record(
      Object.fromEntries(Object.keys({ ...SERVICE, strategy: 0, endpoint: 0, rounds: 0 }).map((name) => [name, secret])),
    );
    fc.assert(
      fc.property(service, (given) => {
        const told = tell(announceInput, { services: [given] });
        expect(told).toMatch(/Correct (?:it|them) and try again/);
        expect(told).not.toMatch(/S3CRET|77777777|invalid_|custom|too_|undefined|\[object/);
      }),
      { numRuns: 200 },
    );
  });
});
