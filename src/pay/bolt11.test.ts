// Lightning invoices: the examples of BOLT #11 (CC BY 4.0, lightning/bolts), what must be refused, and both directions against each other.

import { Invoice } from '@getalby/lightning-tools/bolt11';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { bech32 } from '@scure/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes, sha256, sha256Hex, utf8 } from '../core/bytes.ts';
import { MAX_MSAT } from '../core/money.ts';
import { decodeBolt11, encodeBolt11, isTestNetwork, type Bolt11, type Bolt11Draft, type Bolt11Network } from './bolt11.ts';

const KEY = hexToBytes('e126f68f7eafcc8b74f54d269fe206be715000f94dac067d1c04a8ca3b2db734');
const NODE = '03e7156ae33b0a208d0744199163177e909e80176e55d97a2f221ede0f934dd9ad';
const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';

// Fields that the examples share.
const S = 'sp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygs';
const P = 'pp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypq';
const H = 'hp58yjmdan79s6qqdhdzgynm4zwqd5d7xmw5fk98klysy043l2ahrqs';
const COFFEE = 'dq5xysxxatsyp3k7enxv4js';
const BEANS = 'dq5vdhkven9v5sxyetpdees';
const STORE =
  'd8dgfkx7cmtwd68yetpd5s9xar0wfjn5gpc8qhrsdfq24f5ggrxdaezqsnvda3kkum5wfjkzmfqf3jkgem9wgsyuctwdus9xgrcyqcjcgpzgfskx6eqf9hzqnteypzxz7fzypf' +
  'hg6trddjhygrcyqezcgpzfysywmm5ypxxjemgw3hxjmn8yptk7untd9hxwg3q2d6xjcmtv4ezq7pqxgsxzmnyyqcjqmt0wfjjq6t5v4khx';
const CAKE =
  'One piece of chocolate cake, one icecream cone, one pickle, one slice of swiss cheese, one slice of salami, one lollypop, ' +
  'one piece of cherry pie, one sausage, one cupcake, and one slice of watermelon';
const zeros = (field: string, words: number): string => field + 'q'.repeat(words);
const IGNORED = [
  ...[zeros('2qr', 3), zeros('fppn', 32)],
  ...[zeros('ppn', 51), zeros('pp4', 53), zeros('hpn', 51), zeros('hp4', 53)],
  ...[zeros('spn', 51), zeros('sp4', 53), zeros('np5', 52), zeros('npk', 54)],
].join('');

const SECRET = '11'.repeat(32);
const BASE: Bolt11 = {
  network: 'bc',
  timestamp: 1_496_314_658,
  expiryS: 3_600,
  paymentHash: '0001020304050607080900010203040506070809000102030405060708090102',
  payee: NODE,
  paymentSecret: SECRET,
  minFinalCltv: 18,
};
const HASHED: Bolt11 = { ...BASE, amountMsat: 2_000_000_000n, descriptionHash: sha256Hex(CAKE) };
const BEANS_READ: Bolt11 = { ...BASE, amountMsat: 2_500_000_000n, description: 'coffee beans' };
const BEANS_WRITTEN =
  `lnbc25m1pvjluez${P}${BEANS}${S}9q5sqqqqqqqqqqqqqqqqsgq2a25dxl5hrntdtn6zvydt7d66hyzsyhqs4wdynavys42xgl6sgx9c4g7me86a27t07mdtfry458` +
  'rtjr0v92cnmswpsjscgt2vcse3sgpz3uapa';

const VALID: readonly (readonly [string, string, Bolt11])[] = [
  [
    'a donation of any amount',
    `lnbc1pvjluez${S}${P}dpl2pkx2ctnv5sxxmmwwd5kgetjypeh2ursdae8g6twvus8g6rfwvs8qun0dfjkxaq9qrsgq357wnc5r2ueh7ck6q93dj32dlqnls087fxdwk8qa` +
      'kdyafkq3yap9us6v52vjjsrvywa6rt52cm9r9zqt8r2t7mlcwspyetp5h2tztugp9lfyql',
    { ...BASE, description: 'Please consider supporting this project' },
  ],
  [
    'a coffee within one minute',
    `lnbc2500u1pvjluez${S}${P}${COFFEE}xqzpu9qrsgquk0rl77nj30yxdy8j9vdx85fkpmdla2087ne0xh8nhedh8w27kyke0lp53ut353s06fv3qfegext0eh0ymjpf` +
      '39tuven09sam30g4vgpfna3rh',
    { ...BASE, amountMsat: 250_000_000n, expiryS: 60, description: '1 cup coffee' },
  ],
  [
    'a description beyond ASCII',
    `lnbc2500u1pvjluez${S}${P}dpquwpc4curk03c9wlrswe78q4eyqc7d8d0xqzpu9qrsgqhtjpauu9ur7fw2thcl4y9vfvh4m9wlfyz2gem29g5ghe2aak2pm3ps8fdht` +
      'ceqsaagty2vph7utlgj48u0ged6a337aewvraedendscp573dxr',
    { ...BASE, amountMsat: 250_000_000n, expiryS: 60, description: 'ナンセンス 1杯' },
  ],
  [
    'a hashed description',
    `lnbc20m1pvjluez${S}${P}${H}9qrsgq7ea976txfraylvgzuxs8kgcw23ezlrszfnh8r6qtfpr6cxga50aj6txm9rxrydzd06dfeawfk6swupvz4erwnyutnjq7x39ym` +
      'w6j38gp7ynn44',
    HASHED,
  ],
  [
    'testnet, with a fallback',
    `lntb20m1pvjluez${S}${H}${P}fpp3x9et2e20v6pu37c5d9vax37wxq72un989qrsgqdj545axuxtnfemtpwkc45hx9d2ft7x04mt8q7y6t0k2dge9e7h8kpy9p34yty` +
      'slj3yu569aalz2xdk8xkd7ltxqld94u8h2esmsmacgpghe9k8',
    { ...HASHED, network: 'tb' },
  ],
  [
    'a fallback and route hints',
    `lnbc20m1pvjluez${S}${P}${H}fpp3qjmp7lwpagxun9pygexvgpjdc4jdj85fr9yq20q82gphp2nflc7jtzrcazrra7wwgzxqc8u7754cdlpfrmccae92qgzqvzq2ps8` +
      'pqqqqqqpqqqqq9qqqvpeuqafqxu92d8lr6fvg0r5gv0heeeqgcrqlnm6jhphu9y00rrhy4grqszsvpcgpy9qqqqqqgqqqqq7qqzq9qrsgqdfjcdk6w3ak5pca9hwfwfh63' +
      'zrrz06wwfya0ydlzpgzxkn5xagsqz7x9j4jwe7yj7vaf2k9lqsdk45kts2fd0fkr28am0u4w95tt2nsq76cqw0',
    HASHED,
  ],
  [
    'a fallback (P2SH)',
    `lnbc20m1pvjluez${S}${H}${P}fppj3a24vwu6r8ejrss3axul8rxldph2q7z99qrsgqz6qsgww34xlatfj6e3sngrwfy3ytkt29d2qttr8qz2mnedfqysuqypgqex4ha` +
      'a2h8fx3wnypranf3pdwyluftwe680jjcfp438u82xqphf75ym',
    HASHED,
  ],
  [
    'a fallback (P2WPKH)',
    `lnbc20m1pvjluez${S}${H}${P}fppqw508d6qejxtdg4y5r3zarvary0c5xw7k9qrsgqt29a0wturnys2hhxpner2e3plp6jyj8qx7548zr2z7ptgjjc7hljm98xhjym0` +
      'dg52sdrvqamxdezkmqg4gdrvwwnf0kv2jdfnl4xatsqmrnsse',
    HASHED,
  ],
  [
    'a fallback (P2WSH)',
    `lnbc20m1pvjluez${S}${H}${P}fp4qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q9qrsgq9vlvyj8cqvq6ggvpwd53jncp9nwc47xlrsnenq2zp` +
      '70fq83qlgesn4u3uyf4tesfkkwwfg3qs54qe426hp3tz7z6sweqdjg05axsrjqp9yrrwc',
    HASHED,
  ],
  [
    'an amount in pico-bitcoin',
    `lnbc9678785340p1pwmna7lpp5gc3xfm08u9qy06djf8dfflhugl6p7lgza6dsjxq454gxhj9t7a0s${STORE}${S}xqyjw5qcqp2rzjq0gxwkzc8w6323m55m4jyxcjwm` +
      'y7stt9hwkwe2qxmy8zpsgg7jcuwz87fcqqeuqqqyqqqqlgqqqqn3qq9q9qrsgqrvgkpnmps664wgkp43l22qsgdw4ve24aca4nymnxddlnp8vh9v2sdxlu5ywdxefsfvm' +
      '0fq3sesf08uf6q9a2ke0hc9j6z6wlxg5z5kqpu2v9wz',
    {
      ...BASE,
      amountMsat: 967_878_534n,
      timestamp: 1_572_468_703,
      expiryS: 604_800,
      paymentHash: '462264ede7e14047e9b249da94fefc47f41f7d02ee9b091815a5506bc8abf75f',
      description:
        'Blockstream Store: 88.85 USD for Blockstream Ledger Nano S x 1, "Back In My Day" Sticker x 2, "I Got Lightning Working" Sticker ' +
        'x 2 and 1 more items',
      minFinalCltv: 10,
    },
  ],
  ['features 8, 14 and 99', BEANS_WRITTEN, BEANS_READ],
  ['upper case', BEANS_WRITTEN.toUpperCase(), BEANS_READ],
  [
    'fields that must be passed over',
    `lnbc25m1pvjluez${P}${BEANS}${S}9q5sqqqqqqqqqqqqqqqqsgq${IGNORED}z599y53s3ujmcfjp5xrdap68qxymkqphwsexhmhr8wdz5usdzkzrse33chw6dlp3j` +
      'huhge9ley7j2ayx36kawe7kmgg8sv5ugdyusdcqzn8z9x',
    BEANS_READ,
  ],
  [
    'payment metadata',
    `lnbc10m1pvjluez${P}dp9wpshjmt9de6zqmt9w3skgct5vysxjmnnd9jx2mq8q8a04uq${S}9q2gqqqqqqsgq7hf8he7ecf7n4ffphs6awl9t6676rrclv9ckg3d3ncn` +
      '7fct63p6s365duk5wrk202cfy3aj5xnnp5gs3vrdvruverwwq7yzhkf5a3xqpd05wjc',
    { ...BASE, amountMsat: 1_000_000_000n, description: 'payment metadata inside' },
  ],
];

const OLD =
  `${P}dpquwpc4curk03c9wlrswe78q4eyqc7d8d0xqzpuyk0sg5g70me25alkluzd2x62aysf2pyy8edtjeevuv4p2d5p76r4zkmneet7uvyakk` +
  'y2zr4cusd45tftc9c5fh0nnqpnl2jfll544esqchsrn';
const INVALID: readonly (readonly [string, string, string])[] = [
  [
    'the unknown feature 100',
    `lnbc25m1pvjluez${P}${BEANS}${S}9q4psqqqqqqqqqqqqqqqqsgqtqyx5vggfcsll4wu246hz02kp85x4katwsk9639we5n5yngc3yhqkm35jnjw4len8vrnqnf5ejh0` +
      'mzj9n3vz2px97evektfm2l6wqccp3y7372',
    'feature',
  ],
  ['a wrong checksum', `lnbc2500u1pvjluez${OLD}t`, 'checksum'],
  ['no separator', `pvjluez${OLD}y`, 'not-bolt11'],
  ['mixed case', `LNBC2500u1pvjluez${OLD}y`, 'not-bolt11'],
  [
    'a signature without a key',
    `lnbc2500u1pvjluez${P}${COFFEE}xqzpu${S}9qrsgqwgt7mcn5yqw3yx0w94pswkpq6j9uh6xfqqqtsk4tnarugeektd4hg5975x9am52rz4qskukxdmjemg92vvqz8n` +
      'vmsye63r5ykel43pgz7zq0g2',
    'signature',
  ],
  ['too few words', `lnbc1pvjluez${P}dpl2pkx2ctnv5sxxmmwwd5kgetjypeh2ursdae8g6na6hlh`, 'not-bolt11'],
  [
    'an unknown multiplier',
    `lnbc2500x1pvjluez${P}${COFFEE}xqzpu${S}9qrsgqrrzc4cvfue4zp3hggxp47ag7xnrlr8vgcmkjxk3j5jqethnumgkpqp23z9jclu3v0a7e0aruz366e9wqdykw6dx` +
      'hdzcjjhldxq0w6wgqcnu43j',
    'amount',
  ],
  [
    'parts of a millisatoshi',
    `lnbc2500000001p1pvjluez${P}${COFFEE}xqzpu${S}9qrsgq0lzc236j96a95uv0m3umg28gclm5lqxtqqwk32uuk4k6673k6n5kfvx3d2h8s295fad45fdhmusm8sjud` +
      'fhlf6dcsxmfvkeywmjdkxcp99202x',
    'amount',
  ],
];

/** What a decoder makes of a text: the invoice, or the reason against it. */
function read(text: string): Bolt11 | string {
  const parsed = decodeBolt11(text);
  return parsed.kind === 'ok' ? parsed.invoice : parsed.reason;
}

const field = (letter: string, words: readonly number[]): number[] => [
  LETTERS.indexOf(letter),
  words.length >> 5,
  words.length & 31,
  ...words,
];
const bytesField = (letter: string, bytes: Uint8Array): number[] => field(letter, bech32.toWords(bytes));
const HASH_FIELD = bytesField('p', hexToBytes(BASE.paymentHash));
const TEXT_FIELD = bytesField('d', utf8('a'));
const TIME = [...'pvjluez'].map((letter) => LETTERS.indexOf(letter));

/** Signs words that our own encoder would not write. `change` may spoil the signature (64 bytes and the recovery number). */
function forge(prefix: string, fields: readonly number[], change = (signature: Uint8Array): Uint8Array => signature): string {
  const words = [...TIME, ...fields];
  const bits = words.map((word) => word.toString(2).padStart(5, '0')).join('');
  const bytes = (bits.match(/.{1,8}/g) ?? []).map((each) => parseInt(each.padEnd(8, '0'), 2));
  const signed = secp256k1.sign(sha256(new Uint8Array([...utf8(prefix), ...bytes])), KEY, { prehash: false, format: 'recovered' });
  const signature = change(new Uint8Array([...signed.slice(1), ...signed.slice(0, 1)]));
  return bech32.encode(prefix, [...words, ...bech32.toWords(signature)], false);
}

const forgeFields = (...fields: readonly (readonly number[])[]): Bolt11 | string => read(forge('lnbc1m', fields.flat()));

describe('the examples of BOLT #11', () => {
  it.each(VALID)('%s', (_, text, invoice) => {
    expect(read(text)).toEqual(invoice);
  });

  it.each(INVALID)('refuses %s', (_, text, reason) => {
    expect(read(text)).toBe(reason);
  });
});

describe('the amount', () => {
  it.each([
    ['1', 100_000_000_000n],
    ['1m', 100_000_000n],
    ['1u', 100_000n],
    ['1n', 100n],
    ['10p', 1n],
    ['21000000', MAX_MSAT],
    ['20999999999999999990p', 2_099_999_999_999_999_999n],
  ])('%s', (amount, amountMsat) => {
    expect(read(forge(`lnbc${amount}`, [...HASH_FIELD, ...TEXT_FIELD]))).toMatchObject({ network: 'bc', amountMsat });
  });

  it.each(['0', '0m', '01m', '1p', '11p', '21000001', '21000000000000000010p', '1x', 'm', '-1m', '1.5m', '1mm', `${'9'.repeat(30)}p`])(
    'refuses %s',
    (amount) => {
      expect(read(forge(`lnbc${amount}`, [...HASH_FIELD, ...TEXT_FIELD]))).toMatch(/^(?:amount|not-bolt11)$/);
    },
  );

  it.each(['ln', 'lnx', 'lnsb1m', 'lnltc1m', 'lnbcz'])('refuses the network of %s', (prefix) => {
    expect(read(forge(prefix, [...HASH_FIELD, ...TEXT_FIELD]))).toMatch(/^(?:network|amount)$/);
  });

  it.each(['bc', 'tb', 'tbs', 'bcrt'] as const)('is worth something on %s only when that is mainnet', (network) => {
    expect(read(forge(`ln${network}`, [...HASH_FIELD, ...TEXT_FIELD]))).toMatchObject({ network });
    expect(isTestNetwork(network)).toBe(network !== 'bc');
  });
});

describe('the fields', () => {
  const hash = bytesField('h', sha256('a'));
  const secret = bytesField('s', hexToBytes(SECRET));
  const named = bytesField('n', hexToBytes(NODE));
  const features = (...bits: readonly number[]): number[] => {
    const words = new Array<number>(Math.floor(Math.max(...bits) / 5) + 1).fill(0);
    for (const bit of bits) words[words.length - 1 - Math.floor(bit / 5)]! |= 1 << (bit % 5);
    return field('9', words);
  };

  it('may lack a payment secret, and may name the key', () => {
    expect(forgeFields(HASH_FIELD, TEXT_FIELD)).toEqual({
      ...{ network: 'bc', amountMsat: 100_000_000n, timestamp: BASE.timestamp, expiryS: 3_600 },
      ...{ paymentHash: BASE.paymentHash, description: 'a', payee: NODE, minFinalCltv: 18 },
    });
    expect(forgeFields(HASH_FIELD, TEXT_FIELD, named, secret)).toMatchObject({ payee: NODE, paymentSecret: SECRET });
  });

  it.each([
    ['no payment hash', [TEXT_FIELD], 'no-payment-hash'],
    ['a payment hash of another length only', [zerosField('p', 51), TEXT_FIELD], 'no-payment-hash'],
    ['neither description nor hash', [HASH_FIELD], 'description'],
    ['both', [HASH_FIELD, TEXT_FIELD, hash], 'description'],
    ['a description that is no UTF-8', [HASH_FIELD, bytesField('d', new Uint8Array([0xff]))], 'description'],
    ['two payment hashes', [HASH_FIELD, HASH_FIELD, TEXT_FIELD], 'field'],
    ['two descriptions', [HASH_FIELD, TEXT_FIELD, TEXT_FIELD], 'field'],
    ['two hashes of descriptions', [HASH_FIELD, hash, hash], 'field'],
    ['two secrets', [HASH_FIELD, TEXT_FIELD, secret, secret], 'field'],
    ['two expiries', [HASH_FIELD, TEXT_FIELD, field('x', [1]), field('x', [1])], 'field'],
    ['two expiry deltas', [HASH_FIELD, TEXT_FIELD, field('c', [1]), field('c', [1])], 'field'],
    ['two keys', [HASH_FIELD, TEXT_FIELD, named, named], 'field'],
    ['two feature fields', [HASH_FIELD, TEXT_FIELD, features(8), features(8)], 'field'],
    ['a field beyond the end', [HASH_FIELD, TEXT_FIELD, [LETTERS.indexOf('r'), 0, 2, 1]], 'field'],
    ['a lone word', [HASH_FIELD, TEXT_FIELD, [1]], 'field'],
    ['an expiry beyond safe integers', [HASH_FIELD, TEXT_FIELD, field('x', new Array<number>(11).fill(31))], 'field'],
    ['an expiry that ends beyond safe integers', [HASH_FIELD, TEXT_FIELD, field('x', [7, ...new Array<number>(10).fill(31)])], 'field'],
    ['a delta beyond safe integers', [HASH_FIELD, TEXT_FIELD, field('c', new Array<number>(300).fill(31))], 'field'],
    ['another key than the one that signed', [HASH_FIELD, TEXT_FIELD, bytesField('n', hexToBytes(`02${NODE.slice(2)}`))], 'signature'],
  ])('refuses %s', (_, fields, reason) => {
    expect(forgeFields(...fields)).toBe(reason);
  });

  it('knows the even features of payers, and passes over odd ones', () => {
    for (const bit of [8, 14, 16, 24, 48, 262]) {
      expect(forgeFields(HASH_FIELD, TEXT_FIELD, features(bit, bit + 1))).toMatchObject({ description: 'a' });
    }
    for (let bit = 0; bit < 400; bit += 1) {
      const isKnown = bit % 2 === 1 || [8, 14, 16, 24, 48, 262].includes(bit);
      expect(typeof forgeFields(HASH_FIELD, TEXT_FIELD, features(bit))).toBe(isKnown ? 'object' : 'string');
    }
  });
});

function zerosField(letter: string, words: number): number[] {
  return field(letter, new Array<number>(words).fill(0));
}

describe('the signature', () => {
  const { n } = secp256k1.Point.CURVE();
  const fields = [...HASH_FIELD, ...TEXT_FIELD];
  const negated = (signature: Uint8Array): Uint8Array => {
    const s = n - BigInt(`0x${bytesToHex(signature.slice(32, 64))}`);
    return new Uint8Array([...signature.slice(0, 32), ...hexToBytes(s.toString(16).padStart(64, '0')), signature[64]! ^ 1]);
  };

  it('may have a high s: the key is the same', () => {
    expect(read(forge('lnbc1m', fields, negated))).toEqual(read(forge('lnbc1m', fields)));
    expect(read(forge('lnbc1m', [...fields, ...bytesField('n', hexToBytes(NODE))], negated))).toMatchObject({ payee: NODE });
  });

  it.each([4, 5, 27, 255])('refuses the recovery number %i', (recovery) => {
    expect(read(forge('lnbc1m', fields, (signature) => new Uint8Array([...signature.slice(0, 64), recovery])))).toBe('signature');
  });

  it.each([
    ['zeros', '00'.repeat(64)],
    ['r of zero', `${'00'.repeat(32)}${'11'.repeat(32)}`],
    ['numbers beyond the order', 'ff'.repeat(64)],
  ])('refuses %s', (_, hex) => {
    expect(read(forge('lnbc1m', fields, () => hexToBytes(`${hex}00`)))).toBe('signature');
  });

  it('binds everything: what is changed and summed anew has another payee, or none', () => {
    const { prefix, words } = bech32.decode(VALID[1]![1] as `${string}1${string}`, false);
    for (let at = 0; at < words.length; at += 1) {
      const changed = words.map((word, i) => (i === at ? word ^ 1 : word));
      const parsed = decodeBolt11(bech32.encode(prefix, changed, false));
      if (parsed.kind === 'ok') expect(parsed.invoice.payee).not.toBe(NODE);
    }
    const dearer = decodeBolt11(bech32.encode('lnbc2500m', words, false));
    if (dearer.kind === 'ok') expect(dearer.invoice.payee).not.toBe(NODE);
  });
});

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const hex32 = bytes32.map(bytesToHex);
const key = bytes32.filter((bytes) => secp256k1.utils.isValidSecretKey(bytes));
const description = fc.string({ unit: 'binary', maxLength: 150 }).filter((text) => text.isWellFormed() && utf8(text).length <= 639);
const drafts: fc.Arbitrary<Bolt11Draft> = fc
  .tuple(
    fc.record(
      {
        network: fc.constantFrom<Bolt11Network[]>('bc', 'tb', 'tbs', 'bcrt'),
        timestamp: fc.integer({ min: 0, max: 2 ** 35 - 1 }),
        expiryS: fc.nat({ max: 2 ** 40 }),
        paymentHash: hex32,
        paymentSecret: hex32,
        amountMsat: fc.oneof(fc.bigInt({ min: 1n, max: MAX_MSAT }), fc.bigInt({ min: 1n, max: 10_000_000n })),
        minFinalCltv: fc.nat(),
      },
      { requiredKeys: ['network', 'timestamp', 'expiryS', 'paymentHash', 'paymentSecret'] },
    ),
    fc.oneof(fc.record({ description }), fc.record({ descriptionHash: hex32 })),
  )
  .map(([facts, about]) => ({ ...facts, ...about }));

const DRAFT: Bolt11Draft = {
  network: 'bcrt',
  amountMsat: 700_000n,
  timestamp: 1_800_000_000,
  expiryS: 600,
  paymentHash: BASE.paymentHash,
  paymentSecret: SECRET,
  description: 'a translation',
};

describe('what is written', () => {
  it('is read back as it was, signed by the key', () => {
    fc.assert(
      fc.property(drafts, key, (draft, secretKey) => {
        const payee = bytesToHex(secp256k1.getPublicKey(secretKey, true));
        const written = encodeBolt11(draft, secretKey);
        expect(read(written)).toEqual({ minFinalCltv: 18, ...draft, payee });
        expect(read(written.toUpperCase())).toEqual(read(written));
      }),
      { numRuns: 200 },
    );
  });

  it('says the same to another reader', () => {
    fc.assert(
      // To that reader, 1970 to the second is no time.
      fc.property(
        drafts.filter(({ timestamp }) => timestamp > 0),
        (draft) => {
          const other = new Invoice({ pr: encodeBolt11(draft, KEY) });
          expect(other).toMatchObject({ paymentHash: draft.paymentHash, timestamp: draft.timestamp, expiry: draft.expiryS });
          expect(other.amountRaw).toBe(String(draft.amountMsat ?? 0n));
          expect(other.description ?? '').toBe(draft.description ?? '');
        },
      ),
      { numRuns: 200 },
    );
  });

  it('asks for a variable onion and a payment secret, in the order of the specification', () => {
    const { prefix, words } = bech32.decode(encodeBolt11(DRAFT, KEY) as `${string}1${string}`, false);
    const letters: string[] = [];
    for (let at = 7; at < words.length - 104; at += 3 + words[at + 1]! * 32 + words[at + 2]!) letters.push(LETTERS[words[at]!]!);
    expect(prefix).toBe('lnbcrt7u');
    expect(letters).toEqual(['p', 's', 'd', 'x', 'c', '9']);
    expect(words.slice(-107, -104).map((word) => LETTERS[word])).toEqual([...'sgq']);
  });

  it.each<readonly [string, Partial<Bolt11Draft>]>([
    ['an amount of nothing', { amountMsat: 0n }],
    ['an amount below nothing', { amountMsat: -1n }],
    ['more than all bitcoin', { amountMsat: MAX_MSAT + 1n }],
    ['a time before 1970', { timestamp: -1 }],
    ['a time beyond 35 bits', { timestamp: 2 ** 35 }],
    ['half a second', { timestamp: 0.5 }],
    ['an expiry below nothing', { expiryS: -1 }],
    ['an expiry beyond safe integers', { expiryS: Number.MAX_SAFE_INTEGER }],
    ['no number', { expiryS: Number.NaN }],
    ['a short hash', { paymentHash: 'ab' }],
    ['a hash in upper case', { paymentHash: 'AB'.repeat(32) }],
    ['a short secret', { paymentSecret: '' }],
    ['two descriptions', { descriptionHash: SECRET }],
    ['a long description', { description: 'a'.repeat(640) }],
    ['half a character', { description: '\ud800' }],
    ['a delta below nothing', { minFinalCltv: -1 }],
  ])('cannot be %s', (_, change) => {
    expect(() => encodeBolt11({ ...DRAFT, ...change }, KEY)).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  });

  it('needs a description or its hash, and a key', () => {
    const { description: _, ...bare } = DRAFT;
    const invalid = expect.objectContaining({ code: 'input/invalid' });
    expect(() => encodeBolt11(bare, KEY)).toThrow(invalid);
    expect(() => encodeBolt11({ ...bare, descriptionHash: 'ab' }, KEY)).toThrow(invalid);
    expect(() => encodeBolt11(DRAFT, new Uint8Array(32))).toThrow(invalid);
    expect(() => encodeBolt11(DRAFT, new Uint8Array(31))).toThrow(invalid);
    expect(read(encodeBolt11({ ...DRAFT, description: 'a'.repeat(639) }, KEY))).toMatchObject({ description: 'a'.repeat(639) });
    expect(read(encodeBolt11({ ...DRAFT, description: '' }, KEY))).toMatchObject({ description: '' });
  });
});

describe('a spoilt invoice', () => {
  const written = encodeBolt11(DRAFT, KEY);

  it('is refused when any one character is another one', () => {
    for (let at = 0; at < written.length; at += 1) {
      for (const character of `${LETTERS}1bioLB K`) {
        const spoilt = written.slice(0, at) + character + written.slice(at + 1);
        if (spoilt !== written) expect(typeof read(spoilt)).toBe('string');
      }
    }
  });

  it('never keeps its payee and says something else', () => {
    const position = fc.nat({ max: written.length });
    fc.assert(
      fc.property(position, fc.nat({ max: 3 }), fc.string({ unit: fc.constantFrom(...`${LETTERS}1`), maxLength: 4 }), (at, cut, put) => {
        const parsed = decodeBolt11(written.slice(0, at) + put + written.slice(at + cut));
        if (parsed.kind === 'ok' && parsed.invoice.payee === NODE) expect(parsed.invoice).toEqual(read(written));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is refused with a letter that only looks like one, with spaces, and when it is too long', () => {
    expect(written).toContain('k');
    expect(read(written.toUpperCase().replace('K', '\u212a'))).toBe('not-bolt11');
    expect(read(` ${written}`)).toBe('not-bolt11');
    expect(read(`${written}\n`)).toBe('not-bolt11');
    expect(read(`lightning:${written}`)).toBe('not-bolt11');
    expect(read(forge('lnbc1m', [...HASH_FIELD, ...TEXT_FIELD, ...Array.from({ length: 4 }, () => zerosField('r', 1_000)).flat()]))).toBe(
      'not-bolt11',
    );
  });

  it('is refused, never thrown over, whatever it is', () => {
    const words = fc.array(fc.nat({ max: 31 }), { maxLength: 400 });
    const prefixes = fc.oneof(
      fc.constantFrom('lnbc', 'lnbc1m', 'lntbs20u', 'lnbcrt'),
      fc.string({ unit: fc.constantFrom(...'lnbctr10pmu') }),
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 5_000 })), (text) => {
        expect(decodeBolt11(text).kind).toBe('refused');
        expect(decodeBolt11(`lnbc1${text}`).kind).toBe('refused');
      }),
    );
    fc.assert(
      fc.property(prefixes, words, (prefix, data) => {
        if (prefix === '') return;
        expect(['ok', 'refused']).toContain(decodeBolt11(bech32.encode(prefix, data, false)).kind);
        expect(['ok', 'refused']).toContain(decodeBolt11(forge(prefix, [...HASH_FIELD, ...TEXT_FIELD, ...data])).kind);
      }),
      { numRuns: 300 },
    );
  });
});
