// The prices of services that a policy overrules.

import { expect, it } from 'vitest';
import { BUYER_DOCUMENT, mandateOf } from '../../decide/mandate.fixture.ts';
import { listBelowPolicy } from './listBelowPolicy.ts';
import { servicesSchema } from './service.ts';

const [service] = servicesSchema.parse([
  { id: 'upper', name: 'Upper', capabilities: ['x'], list_sats: '900', min_sats: '700', command: ['true'] },
]);
const below = (...issues: object[]) =>
  listBelowPolicy(service === undefined ? [] : [service], mandateOf({ ...BUYER_DOCUMENT, role: 'seller', limits: undefined, issues }));

it('names the prices that are below the policy’s reserve, and none that reach it', () => {
  expect(below()).toEqual([]);
  expect(below({ term: '/price', reserve: 700_000 })).toEqual([]);
  expect(below({ term: '/price', reserve: 700_001 })).toEqual([{ service: 'upper', fields: ['min_sats'] }]);
  expect(below({ term: '/price', reserve: 900_000 })).toEqual([{ service: 'upper', fields: ['min_sats'] }]);
  expect(below({ term: '/price', reserve: 900_001 })).toEqual([{ service: 'upper', fields: ['list_sats', 'min_sats'] }]);
});
