// Refused offers whose terms, or the price in them, cannot be agreed on.

import { MAX_MSAT } from '../core/money.ts';
import { row, set, unusable, without, type Change, type Refused } from './refused.fixture.ts';
import { WHOLE_TERMS, type SceneName } from './scenes.fixture.ts';

const SCHEMA = unusable('schema');
const H64 = 'ab'.repeat(32);
const CYRILLIC_A = '\u0430';
const TOO_MUCH = String(MAX_MSAT + 1n);

/** What is wrong with the terms of `offer`, at a pointer under them. */
const TERMS_ROWS: readonly (readonly [string, string, unknown])[] = [
  ['terms that are a list', '', []],
  ['an unknown section', '/bonus', { amount_msat: '1' }],
  ['the section __proto__', '/__proto__', {}],
  ['an unknown field of the service', '/service/zz', 1],
  ['an unknown field of the scope', '/scope/zz', 1],
  ['an unknown field of an input', '/scope/inputs/0/zz', 1],
  ['an unknown field of the delivery', '/delivery/zz', 1],
  ['an unknown field of the payment', '/payment/zz', 1],
  ['an unknown field of the payee', '/payment/payee/zz', 1],
  ['an unknown field of the confidentiality', '/confidentiality/zz', 1],
  ['an unknown field of a penalty', '/penalties/0/zz', 1],
  ['an unknown field of the framework', '/framework/zz', 1],
  ['an empty delivery', '/delivery', {}],
  ['an empty payment', '/payment', {}],
  ['an empty confidentiality', '/confidentiality', {}],
  ['an empty framework', '/framework', {}],
  ['an empty payee', '/payment/payee', {}],
  ['a capability in capitals', '/service/capability', 'Translation'],
  ['a capability with a Cyrillic letter', '/service/capability', `tr${CYRILLIC_A}nslation`],
  ['a capability with a full-width letter', '/service/capability', '\uff54ranslation'],
  ['a capability with a long s', '/service/capability', 'tran\u017flation'],
  ['an empty capability', '/service/capability', ''],
  ['a capability of 65 characters', '/service/capability', 'x'.repeat(65)],
  ['a job kind below the range', '/service/dvm_kind', 4_999],
  ['a job kind that is a result', '/service/dvm_kind', 6_000],
  ['a title of two lines', '/service/title', 'a\nb'],
  ['a title with a tab', '/service/title', 'a\tb'],
  ['an empty title', '/service/title', ''],
  ['a title of 201 characters', '/service/title', 'x'.repeat(201)],
  ['an empty summary', '/scope/summary', ''],
  ['a summary of 4,001 characters', '/scope/summary', 'x'.repeat(4_001)],
  ['no inputs', '/scope/inputs', []],
  ['two inputs of one name', '/scope/inputs', [1, 2].map((size) => ({ name: 'a', sha256: H64, size }))],
  ['an input without its digest', '/scope/inputs', [{ name: 'a', size: 1 }]],
  ['sixty-five inputs', '/scope/inputs', Array.from({ length: 65 }, (_, i) => ({ name: `${i}`, sha256: H64, size: 1 }))],
  ['no criteria', '/scope/acceptance', []],
  ['thirty-three criteria', '/scope/acceptance', Array.from({ length: 33 }, (_, i) => `${i}`)],
  ['revisions below zero', '/scope/revisions', -1],
  ['a deadline together with a delay', '/delivery', { deadline: 1_900_000_000, within_s: 60 }],
  ['a deadline after the year 9999', '/delivery', { deadline: 253_402_300_800 }],
  ['a delay below zero', '/delivery', { within_s: -1 }],
  ['a channel of delivery with a Cyrillic letter', '/delivery/channel', `ch${CYRILLIC_A}nnel`],
  ['a rail in capitals', '/payment/rail', 'LN-direct'],
  ['a rail with a Cyrillic letter', '/payment/rail', `c${CYRILLIC_A}shu`],
  ['a time of payment of its own', '/payment/when', 'sometime'],
  ['an address with a space', '/payment/payee', { address: 'a b' }],
  ['an address with a Cyrillic letter', '/payment/payee', { address: `${CYRILLIC_A}@example.com` }],
  ['no mints', '/payment/payee', { mints: [] }],
  ['nine mints', '/payment/payee', { mints: Array.from({ length: 9 }, (_, i) => `https://mint${i}.example`) }],
  ['an arbiter by name', '/payment/arbiter', 'npub1arbiter'],
  ['an arbiter in capitals', '/payment/arbiter', H64.toUpperCase()],
  ['nothing to publish', '/confidentiality/publish', []],
  ['one thing to publish twice', '/confidentiality/publish', ['attestation', 'attestation']],
  ['a time of retention below zero', '/confidentiality/retention_s', -1],
  ['no penalties', '/penalties', []],
  ['seventeen penalties', '/penalties', Array.from({ length: 17 }, (_, i) => ({ metric: `m${i}`, over: 1, credit_msat: '1' }))],
  ['a penalty over and under', '/penalties/0', { metric: 'late_s', over: 1, under: 1, credit_msat: '1' }],
  ['a penalty without a limit', '/penalties/0', { metric: 'late_s', credit_msat: '1' }],
  ['a penalty without a credit', '/penalties/0', { metric: 'late_s', over: 1 }],
  ['a credit below zero', '/penalties/0', { metric: 'late_s', over: 1, credit_msat: '-1' }],
  ['a metric with a Cyrillic letter', '/penalties/0', { metric: `l${CYRILLIC_A}te_s`, over: 1, credit_msat: '1' }],
  ['a cap of a framework as a number', '/framework/cap_msat', 1],
  ['calls below zero', '/framework/max_calls', -1],
  ['a framework that ends after the year 9999', '/framework/ends_at', 253_402_300_800],
];

const tier = (from: number, price: unknown = '1'): object => ({ from, price_msat: price });
const TIERS_17 = Array.from({ length: 17 }, (_, from) => tier(from));

/** What is wrong with the tiers, wherever they are. */
const TIER_ROWS: readonly (readonly [string, string, unknown])[] = [
  ['no tiers', '/tiers', []],
  ['seventeen tiers', '/tiers', TIERS_17],
  ['a first tier that does not start at 0', '/tiers', [tier(1)]],
  ['tiers that do not rise', '/tiers', [tier(0), tier(9), tier(5)]],
  ['two tiers from one number', '/tiers', [tier(0), tier(9), tier(9)]],
  ['two tiers from 0', '/tiers', [tier(0), tier(0)]],
  ['a tier from below zero', '/tiers', [tier(-1)]],
  ['a tier without a price', '/tiers', [{ from: 0 }]],
  ['a tier with a price as a number', '/tiers', [tier(0, 1)]],
  ['a tier with a price below zero', '/tiers', [tier(0, '-1')]],
  ['a tier with an unknown field', '/tiers', [{ ...tier(0), to: 5 }]],
  ['a tiering of its own', '/tiering', 'stairs'],
  ['a price for no units', '/per', 0],
  ['a price for less than no units', '/per', -1],
];

/** What is wrong with an amount, wherever it is. */
const AMOUNTS: readonly (readonly [string, unknown])[] = [
  ['a number', 700],
  ['an empty text', ''],
  ['a sign', '+700'],
  ['less than nothing', '-700'],
  ['a leading zero', '0700'],
  ['a fraction', '700.5'],
  ['an exponent', '7e2'],
  ['a space', '700 '],
  ['a unit', '700msat'],
  ['hex', '0x2bc'],
  ['Arabic digits', '\u0667\u0660\u0660'],
  ['full-width digits', '\uff17\uff10\uff10'],
  ['more than all bitcoin', TOO_MUCH],
  ['a thousand digits', '9'.repeat(1_000)],
];

type PriceRow = readonly [SceneName, string, string, unknown];

const UNITS: readonly PriceRow[] = (['perUnit', 'prepaid'] as const).flatMap((scene): PriceRow[] => [
  ...TIER_ROWS.map(([what, place, value]): PriceRow => [scene, what, place, value]),
  [scene, 'a unit that begins with a digit', '/unit', '7days'],
  [scene, 'a unit in capitals', '/unit', 'Token'],
  [scene, 'a unit with a Cyrillic letter', '/unit', `p${CYRILLIC_A}ge`],
  [scene, 'an empty unit', '/unit', ''],
  [scene, 'a unit of 65 characters', '/unit', 'x'.repeat(65)],
]);

/** What is wrong with a price, at a pointer under it. */
const PRICE_ROWS: readonly PriceRow[] = [
  ...AMOUNTS.map(([what, value]): PriceRow => ['fixed', `an amount with ${what}`, '/amount_msat', value]),
  ['fixed', 'an unknown model', '/model', 'auction'],
  ['fixed', 'a model in capitals', '/model', 'Fixed'],
  ['fixed', 'the model of another price', '/model', 'milestones'],
  ['fixed', 'an unknown field', '/tip_msat', '1'],
  ['fixed', 'a price as a number', '', 700],
  ['fixed', 'a price as a text', '', '700'],
  ...UNITS,
  ['perUnit', 'a cap below the minimum', '/cap_msat', '9999'],
  ['perUnit', 'an unknown field', '/zz', 1],
  ['perUnit', 'a minimum with a fraction', '/minimum_msat', '0.5'],
  ['perUnit', 'a cap above all bitcoin', '/cap_msat', TOO_MUCH],
  ...TIER_ROWS.map(([what, place, value]): PriceRow => ['subscription', what, `/included/over${place}`, value]),
  ['subscription', 'a period of no time', '/period_s', 0],
  ['subscription', 'no periods', '/periods', 0],
  ['subscription', 'too many periods', '/periods', 100_001],
  ['subscription', 'a cap below the amount', '/cap_msat', '4999999'],
  ['subscription', 'a cap with nothing to cap', '/included', { unit: 'page', count: 100 }],
  ['subscription', 'an allowance of nothing', '/included', { unit: 'page', count: 0 }],
  ['subscription', 'an allowance without a unit', '/included', { count: 100 }],
  ['subscription', 'an unknown field of the allowance', '/included/zz', 1],
  ['subscription', 'an unknown field', '/zz', 1],
  ['prepaid', 'a balance that expires at once', '/expires_s', 0],
  ['prepaid', 'a cap, which the balance is already', '/cap_msat', '1'],
  ['prepaid', 'a balance above all bitcoin', '/amount_msat', TOO_MUCH],
  ['milestones', 'no milestones', '/milestones', []],
  ['milestones', 'thirty-three milestones', '/milestones', Array.from({ length: 33 }, (_, i) => ({ name: `${i}`, amount_msat: '1' }))],
  ['milestones', 'one milestone twice', '/milestones/1/name', 'Draft'],
  ['milestones', 'a milestone without a name', '/milestones/0/name', ''],
  ['milestones', 'a milestone of two lines', '/milestones/0/name', 'a\nb'],
  ['milestones', 'a milestone without an amount', '/milestones/0', { name: 'Draft' }],
  ['milestones', 'an unknown field of a milestone', '/milestones/0/zz', 1],
  ['milestones', 'milestones above all bitcoin together', '/milestones/0/amount_msat', MAX_MSAT.toString()],
];

/** Fields that the terms or a price cannot be without. */
const MISSING: readonly (readonly [SceneName, string])[] = [
  ['offer', '/service'],
  ['offer', '/scope'],
  ['offer', '/price'],
  ['offer', '/service/capability'],
  ['offer', '/scope/summary'],
  ['fixed', '/price/amount_msat'],
  ['fixed', '/price/model'],
  ['perUnit', '/price/unit'],
  ['perUnit', '/price/per'],
  ['perUnit', '/price/tiers'],
  ['perUnit', '/price/tiering'],
  ['subscription', '/price/amount_msat'],
  ['subscription', '/price/period_s'],
  ['prepaid', '/price/amount_msat'],
  ['prepaid', '/price/unit'],
  ['prepaid', '/price/tiers'],
  ['milestones', '/price/milestones'],
];

const withAlternative = (terms: unknown): Change => set('/alternatives/1', terms);

/** Refused for their terms. */
export const REFUSED_TERMS: readonly Refused[] = [
  ...TERMS_ROWS.map(([what, place, value]) => row('offer', what, set(`/terms${place}`, value), SCHEMA)),
  ...PRICE_ROWS.map(([scene, what, place, value]) => row(scene, what, set(`/terms/price${place}`, value), SCHEMA)),
  ...MISSING.map(([scene, place]) => row(scene, `no ${place} in the terms`, without(`/terms${place}`), SCHEMA)),
  row('offer', 'an alternative with an unknown section', withAlternative({ ...WHOLE_TERMS, zz: 1 }), SCHEMA),
  row('offer', 'an alternative without a price', withAlternative({ ...WHOLE_TERMS, price: undefined }), SCHEMA),
  row('ask', 'terms where there are none', set('/terms', WHOLE_TERMS), SCHEMA),
];
