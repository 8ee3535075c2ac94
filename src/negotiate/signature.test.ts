import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PARTIES, signAs, VALUES, verify } from './deal.fixture.ts';
import { hashLock, makeSignatureTemplate, readClaim, verifySignature, type SignedEvent } from './signature.ts';
import { signedEventSchema } from './signatureSchema.ts';
import { readSignerAnswer } from './signerAnswer.ts';
import { mutateJson } from './terms.fixture.ts';

const agreement = 'ab'.repeat(32);
const CREATED_AT = 1_800_000_000;
const first = {
  order: 'first',
  role: 'acceptor',
  agreement,
  confirmBy: 1_800_003_600,
  close: hashLock(VALUES.c),
  void: hashLock(VALUES.v),
} as const;
const second = {
  order: 'second',
  role: 'offeror',
  agreement,
  first: 'cd'.repeat(32),
  ack: hashLock(VALUES.a),
  late: hashLock(VALUES.l),
} as const;
const withTags = (tags: string[][]): SignedEvent => ({ ...signAs('buyer', makeSignatureTemplate(first, CREATED_AT)), tags });

describe('a signature', () => {
  it('carries the tags of PROTOCOL in their one order', () => {
    const head = [['-'], ['x', agreement]];
    expect(makeSignatureTemplate(first, CREATED_AT)).toEqual({
      kind: 4391,
      created_at: CREATED_AT,
      tags: [...head, ['role', 'acceptor'], ['confirm_by', '1800003600'], ['close', first.close], ['void', first.void]],
      content: '',
    });
    expect(makeSignatureTemplate(second, CREATED_AT).tags).toEqual([
      ...head,
      ['role', 'offeror'],
      ['e', second.first],
      ['ack', second.ack],
      ['late', second.late],
    ]);
  });

  it('locks its values by the hash of their 32 raw bytes', () => {
    expect(hashLock(VALUES.c)).toBe(createHash('sha256').update(Buffer.alloc(32, 0xc0)).digest('hex'));
  });

  it.each([first, second])('reads back as the $order claim it was made from', (claim) => {
    expect(readClaim(signAs('buyer', makeSignatureTemplate(claim, CREATED_AT)))).toEqual(claim);
  });

  it.each([first, second])('says nothing as a $order one when any tag is another, missing or added', (claim) => {
    const { tags } = makeSignatureTemplate(claim, CREATED_AT);
    let unread = 0;
    for (const { json } of mutateJson(tags)) {
      const event = signedEventSchema.safeParse(withTags(json as string[][]));
      const read = event.success ? readClaim(event.data) : undefined;
      expect(read).not.toEqual(claim);
      if (read === undefined) unread += 1;
      // What is still read is another claim written in the one way.
      else expect(makeSignatureTemplate(read, CREATED_AT).tags).toEqual(json);
    }
    expect(unread).toBeGreaterThan(80);
    expect(readClaim(withTags(tags.toReversed()))).toBeUndefined();
  });

  it.each(['01800003600', '1.8e9', ' 1800003600', '1800003600.0', '-1', '0x10', ''])(
    'with confirm_by written as %j says nothing',
    (confirmBy) => {
      const tags = makeSignatureTemplate(first, CREATED_AT).tags.with(3, ['confirm_by', confirmBy]);
      expect(readClaim(withTags(tags))).toBeUndefined();
    },
  );

  it('whose two locks are one says nothing', () => {
    expect(readClaim(signAs('buyer', makeSignatureTemplate({ ...first, void: first.close }, CREATED_AT)))).toBeUndefined();
    expect(readClaim(signAs('buyer', makeSignatureTemplate({ ...second, late: second.ack }, CREATED_AT)))).toBeUndefined();
  });

  it('is verified only with its own id and a genuine signature', () => {
    const event = signAs('buyer', makeSignatureTemplate(first, CREATED_AT));
    expect(verifySignature(event, verify)).toBe(event);
    expect(verifySignature(event, () => false)).toBeUndefined();
    expect(verifySignature({ ...event, created_at: CREATED_AT + 1 }, () => true)).toBeUndefined();
    expect(verifySignature({ ...event, sig: signAs('provider', makeSignatureTemplate(first, CREATED_AT)).sig }, verify)).toBeUndefined();
  });
});

describe('a signer’s answer', () => {
  const template = makeSignatureTemplate(first, CREATED_AT);

  it('counts when it is the event that was asked for', () => {
    const event = signAs('buyer', template);
    expect(readSignerAnswer(template, PARTIES.buyer, event)).toEqual(event);
  });

  it('does not count with any field changed, even when signed again', () => {
    const event = signAs('buyer', template);
    const own = [...mutateJson(event)].filter(({ path }) => !path.startsWith('/sig'));
    for (const { path, json } of own) expect([path, readSignerAnswer(template, PARTIES.buyer, json)]).toEqual([path, undefined]);
    for (const other of [
      signAs('provider', template),
      signAs('buyer', makeSignatureTemplate(first, CREATED_AT + 1)),
      signAs('buyer', makeSignatureTemplate({ ...first, role: 'offeror' }, CREATED_AT)),
      signAs('buyer', { ...template, tags: [...template.tags, ['client', 'x']] }),
      { ...event, sig: event.sig.slice(2) },
      undefined,
    ])
      expect(readSignerAnswer(template, PARTIES.buyer, other)).toBeUndefined();
  });
});
