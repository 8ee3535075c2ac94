// A purchase by a strategy as homes kept it before offers of several packages, weights and a third number, with the moves that it was decided from.

import type { SeenMove } from '../../decide/haggle.ts';

/** The saved text: of several offers at once the first was sent. */
export const OLD_JOB = JSON.stringify({
  role: 'buyer',
  find: 'upper-case',
  service: {
    id: 'upper',
    name: 'Upper case',
    provider: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  },
  found: 1,
  trust: {
    score: 0,
    verdict: 'warn, unknown',
  },
  about: 'Large letters.',
  inputs: [
    {
      name: 'secret.txt',
      sha256: '2631440396bfbda746bbdde2d185fb3d69d45d2279a907f5a40acbc0e4591bb0',
      size: 13,
    },
  ],
  maxMsat: '950000',
  bidMsat: '400000',
  mayAttest: false,
  tactics: {
    strategy: {
      kind: 'time',
      curve: 'polynomial',
      exponent: 2,
      fall: 'scaled',
      tolerance: 0.1,
      alternatives: 4,
      spread: 0.05,
    },
    rounds: 6,
    seed: 'c604de61ff99d208d1577ccd31697cf7',
  },
  decisions: [
    {
      issues: [
        {
          term: '/price',
          better: 'lower',
          best: '400000',
          worst: '800000',
        },
        {
          term: '/delivery/within_s',
          better: 'lower',
          best: '7200',
          worst: '43200',
        },
      ],
      kind: 'alternatives',
      outcomes: [
        {
          '/price': '410000',
          '/delivery/within_s': '7200',
        },
        {
          '/price': '400000',
          '/delivery/within_s': '7200',
        },
        {
          '/price': '405000',
          '/delivery/within_s': '7200',
        },
        {
          '/price': '408000',
          '/delivery/within_s': '7200',
        },
      ],
      because: {
        strategy: {
          kind: 'time',
          curve: 'polynomial',
          exponent: 2,
          fall: 'scaled',
          tolerance: 0.1,
          alternatives: 4,
          spread: 0.05,
        },
        seed: 'c604de61ff99d208d1577ccd31697cf7',
        timing: {
          round: 0,
          rounds: 6,
        },
        seen: 1,
        preferences: '524bd9e82f61bb274e8066b30a0ad1f64f965021ad4aea4320b26f35a6cd515a',
        figures: {
          t: 0.14285714285714285,
          floor: 0,
          target: 0.9795918367346939,
          next: 0.98125,
        },
      },
    },
    {
      issues: [
        {
          term: '/price',
          better: 'lower',
          best: '400000',
          worst: '800000',
        },
        {
          term: '/delivery/within_s',
          better: 'lower',
          best: '7200',
          worst: '43200',
        },
      ],
      kind: 'alternatives',
      outcomes: [
        {
          '/price': '403000',
          '/delivery/within_s': '18000',
        },
        {
          '/price': '443000',
          '/delivery/within_s': '7200',
        },
        {
          '/price': '403000',
          '/delivery/within_s': '10800',
        },
        {
          '/price': '416000',
          '/delivery/within_s': '14400',
        },
      ],
      because: {
        strategy: {
          kind: 'time',
          curve: 'polynomial',
          exponent: 2,
          fall: 'scaled',
          tolerance: 0.1,
          alternatives: 4,
          spread: 0.05,
        },
        seed: 'c604de61ff99d208d1577ccd31697cf7',
        timing: {
          round: 1,
          rounds: 6,
        },
        seen: 3,
        preferences: '524bd9e82f61bb274e8066b30a0ad1f64f965021ad4aea4320b26f35a6cd515a',
        figures: {
          t: 0.2857142857142857,
          floor: 0,
          target: 0.9183673469387755,
          next: 0.919375,
        },
      },
    },
    {
      issues: [
        {
          term: '/price',
          better: 'lower',
          best: '400000',
          worst: '800000',
        },
        {
          term: '/delivery/within_s',
          better: 'lower',
          best: '7200',
          worst: '43200',
        },
      ],
      kind: 'accept',
      outcomes: [
        {
          '/price': '663000',
          '/delivery/within_s': '39600',
        },
      ],
      alternative: 0,
      because: {
        strategy: {
          kind: 'time',
          curve: 'polynomial',
          exponent: 2,
          fall: 'scaled',
          tolerance: 0.1,
          alternatives: 4,
          spread: 0.05,
        },
        seed: 'c604de61ff99d208d1577ccd31697cf7',
        timing: {
          round: 5,
          rounds: 6,
        },
        seen: 11,
        preferences: '524bd9e82f61bb274e8066b30a0ad1f64f965021ad4aea4320b26f35a6cd515a',
        figures: {
          t: 0.8571428571428571,
          floor: 0,
          offered: 0.281875,
          target: 0.26530612244897966,
          next: 0.281875,
        },
      },
    },
  ],
  rail: 'sandbox',
  isTestMoney: true,
});

/** The moves, as they are seen now. */
export const OLD_MOVES: readonly SeenMove[] = [
  { by: 'me', type: 'open' },
  { by: 'peer', type: 'offer', packages: [{ '/price': 922_000n, '/delivery/within_s': 64800n }] },
  { by: 'me', type: 'offer', packages: [{ '/price': 410_000n, '/delivery/within_s': 7200n }] },
  { by: 'peer', type: 'offer', packages: [{ '/price': 925_000n, '/delivery/within_s': 21600n }] },
  { by: 'me', type: 'offer', packages: [{ '/price': 403_000n, '/delivery/within_s': 18000n }] },
  { by: 'peer', type: 'offer', packages: [{ '/price': 866_000n, '/delivery/within_s': 21600n }] },
  { by: 'me', type: 'offer', packages: [{ '/price': 444_000n, '/delivery/within_s': 21600n }] },
  { by: 'peer', type: 'offer', packages: [{ '/price': 781_000n, '/delivery/within_s': 39600n }] },
  { by: 'me', type: 'offer', packages: [{ '/price': 454_000n, '/delivery/within_s': 39600n }] },
  { by: 'peer', type: 'offer', packages: [{ '/price': 753_000n, '/delivery/within_s': 18000n }] },
  { by: 'me', type: 'offer', packages: [{ '/price': 632_000n, '/delivery/within_s': 18000n }] },
  { by: 'peer', type: 'offer', packages: [{ '/price': 663_000n, '/delivery/within_s': 39600n }] },
  { by: 'me', type: 'accept' },
];
