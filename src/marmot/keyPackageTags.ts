// The tags of a kind 30443 event: each exactly once, in exactly one form (transports/nostr.md "Event identity and tag cardinality").

import type { LeafNode } from 'ts-mls';
import { isHex32, type Hex } from '../core/bytes.ts';
import type { NostrEvent } from '../nostr/event.ts';
import { refuse, type Refusal } from './refusal.ts';

/** What the tags of a key package event say. */
export interface KeyPackageTags {
  readonly slot: Hex;
  readonly ref: Hex;
  readonly extensions: readonly number[];
  readonly proposals: readonly number[];
  readonly components: readonly number[];
}

const ID = /^0x[0-9a-f]{4}$/;

/** Reads the seven required tags, or says which one is wrong. Tags of other names are passed over. */
export function readKeyPackageTags(event: NostrEvent): KeyPackageTags | Refusal {
  const slot = readSingle(event, 'd');
  const ref = readSingle(event, 'i');
  const extensions = readIds(event, 'mls_extensions');
  const proposals = readIds(event, 'mls_proposals');
  const components = readIds(event, 'app_components');
  if (!isHex32(slot)) return refuseTag('d');
  if (!isHex32(ref)) return refuseTag('i');
  if (readSingle(event, 'mls_protocol_version') !== '1.0') return refuseTag('mls_protocol_version');
  if (readSingle(event, 'mls_ciphersuite') !== '0x0001') return refuseTag('mls_ciphersuite');
  if (extensions === undefined) return refuseTag('mls_extensions');
  if (proposals === undefined) return refuseTag('mls_proposals');
  if (components === undefined) return refuseTag('app_components');
  return { slot, ref, extensions, proposals, components };
}

/** True when the id lists of the tags are those of the decoded leaf, whatever their order; GREASE values (RFC 9420 section 13.5) do not count. */
export function tagsMatchLeaf(tags: KeyPackageTags, leaf: LeafNode, components: readonly number[]): boolean {
  const marmot = components.filter((id) => id >= 0x8000);
  return (
    isSameSet(tags.extensions, leaf.capabilities.extensions) &&
    isSameSet(tags.proposals, leaf.capabilities.proposals) &&
    isSameSet(tags.components, marmot)
  );
}

function readSingle(event: NostrEvent, name: string): string | undefined {
  const values = readValues(event, name);
  return values?.length === 1 ? values[0] : undefined;
}

function readIds(event: NostrEvent, name: string): readonly number[] | undefined {
  const values = readValues(event, name);
  if (values === undefined || values.length === 0) return undefined;
  const isClean = values.every((value) => ID.test(value)) && new Set(values).size === values.length;
  return isClean ? values.map(Number) : undefined;
}

function readValues(event: NostrEvent, name: string): readonly string[] | undefined {
  const found = event.tags.filter((tag) => tag[0] === name);
  return found.length === 1 ? found[0]?.slice(1) : undefined;
}

function isSameSet(a: readonly number[], b: readonly number[]): boolean {
  const left = a.filter((id) => !isGrease(id));
  const right = b.filter((id) => !isGrease(id));
  return left.every((id) => right.includes(id)) && right.every((id) => left.includes(id));
}

function isGrease(id: number): boolean {
  return (id & 0x0f0f) === 0x0a0a && id >> 8 === (id & 0xff);
}

function refuseTag(name: string): Refusal {
  return refuse(
    'tags',
    `The ${name} tag of the key package is missing, repeated or malformed. Ask the peer to update its Marmot client and publish again.`,
  );
}
