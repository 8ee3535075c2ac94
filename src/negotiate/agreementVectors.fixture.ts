// Fixed vectors of terms root and agreement hash, computed outside this code (Python, hashlib and hmac).

import type { Hex } from '../core/bytes.ts';
import type { Agreement } from './agreement.ts';
import type { Terms } from './terms.ts';

/** Terms with their seed, and every hash that PROTOCOL "The agreement" derives from them. */
export interface AgreementVector {
  readonly name: string;
  readonly seed: Hex;
  readonly terms: Terms;
  /** In the order of the leaves. */
  readonly digests: readonly Hex[];
  readonly root: Hex;
  readonly seedOfAlternative2: Hex;
  readonly agreement: Agreement;
  readonly agreementHash: Hex;
}

/** Only what is required. */
export const SMALLEST: AgreementVector = {
  name: 'the smallest terms',
  seed: '0000000000000000000000000000000000000000000000000000000000000000',
  terms: {
    service: {
      capability: 'translation',
    },
    scope: {
      summary: 'Translate it.',
    },
    price: {
      model: 'fixed',
      amount_msat: '700000',
    },
  },
  digests: [
    'a495f98f8694e3c809a86232496402b453b811b89c7e42fb076c15461e59610e',
    '9b70770b48f92dcbe311f6cd103598654c461e373fb5c921600df76302bc7159',
    'd4e74ec18502092ab8cba90ee3ac670199427992f78340873af5ed8388a8de10',
    '446d4819c0d0659f36474d18c7b50b07cd7ebcf402b68b3bfaeeeff67111934a',
    '949b96f788efaa4ed00e91017bf1bb34987cf82560563d74b8868ffdd3760927',
    '9054fc8316799aaac1991983b30fa8a94bd911974394a41c46deae00b6813940',
    '2891a0a9314bace8c00bb521359a48e3a29994a02ec7ad626c9ac2bc004b32e8',
    'd0c0515039cbc4ff3030326288a75fd256bec358a50c779974ab5be20e16ea7d',
    'b4abde6853cb446103f096cbcf55074cff3605bddc62708077b9bff9f44a5fc7',
    '39bf424cc6c9ac0ddc833a12a8024c2bc8b96d83f14f4a10b41773c46c0281bb',
    'de0332e76bd1bc94637a33c45851aa445e8e36252fb94f819eb455ab444589af',
    'b4406e0c9394ee116789ae470f0d55714c995766f85a53132b0f51cb550438e6',
    '13bf4b99770191fdecb7fe3f358b4d065523e357ffb66c39813ead3277400fa9',
    '9d7a9053258281ed8ac468d7518c5d9f3909fd55977a3efa07be2c6d07ae8198',
    'e33ed7a8704f484a341940a681c0219285da98578f1594cbf2253d163e87fb1a',
    'b32a312bc558be0159f6c1b8e98b6b75bc97bb652a2bf83698b01674a6eaf456',
    'a053f7f92c97102263c57d793cd0f4ff110d9aca447442cbfa83110d293f0ca6',
    'acedeeccef5dd4d66fddfa5d8040331dbe23f0b9459e7729aa8b3747c84c112c',
    'd724c20c561f2e15ac87429058140424f114350fc9f939ff24e998e7d8b284c9',
    'aa89fc6b0d035e5b6f9809be554a79d5bc702ea1d61144a2b32432b9a3e8155b',
    'a310351f6ab23983eb596d6d9ad3c10f1c4c534c2c39dfa4b972925dcb26ddad',
    '5777dbf0cd029c3a6ac2369b439e1e489aba61a6292d1689f485c4235095070f',
  ],
  root: 'f83c14e2df497782f37b0d8ded1cf1d78c317ad7b52987e9013c034af3c69bf1',
  seedOfAlternative2: 'a9c1e109e86a159e8f20ffc484b7490ff1b6517ed84ae88b5421afae982764e4',
  agreement: {
    v: 1,
    domain: 'agent-negotiate/agreement',
    nid: '3333333333333333333333333333333333333333333333333333333333333333',
    offer: '4444444444444444444444444444444444444444444444444444444444444444',
    alternative: 0,
    buyer: '5555555555555555555555555555555555555555555555555555555555555555',
    provider: '6666666666666666666666666666666666666666666666666666666666666666',
    offeror: '6666666666666666666666666666666666666666666666666666666666666666',
    terms_root: 'f83c14e2df497782f37b0d8ded1cf1d78c317ad7b52987e9013c034af3c69bf1',
    start_by: 1800090000,
    supersedes: null,
    under: null,
  },
  agreementHash: 'a87097ee9dd703866bd8e7a436aa2092f2a3d59418dbf2fc7b19f6fb95143593',
};

/** Every leaf but the deadline, which excludes within_s; amends another agreement. */
export const EVERY_SECTION: AgreementVector = {
  name: 'terms with every section',
  seed: '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
  terms: {
    service: {
      capability: 'text/translation',
      dvm_kind: 5002,
      title: 'Vertrag, Übersetzung',
    },
    scope: {
      summary: 'Translate one contract.\nKeep the layout.',
      inputs: [
        {
          name: 'vertrag.txt',
          sha256: '1111111111111111111111111111111111111111111111111111111111111111',
          size: 9,
        },
      ],
      output: 'UTF-8 text',
      acceptance: ['Complete', 'No € sign is lost'],
      revisions: 1,
    },
    price: {
      model: 'fixed',
      amount_msat: '700500',
    },
    delivery: {
      within_s: 86400,
      channel: 'channel',
    },
    payment: {
      rail: 'cashu-2of3',
      when: 'escrow',
      payee: {
        address: 'agent@example.com',
        mints: ['https://mint.example.com'],
      },
      arbiter: '2222222222222222222222222222222222222222222222222222222222222222',
    },
    confidentiality: {
      publish: ['attestation'],
      retention_s: 604800,
    },
    penalties: [
      {
        metric: 'late_s',
        over: 3600,
        credit_msat: '50000',
      },
    ],
    framework: {
      ends_at: 1830000000,
      max_calls: 10,
      cap_msat: '7000000',
    },
  },
  digests: [
    'a30e9e9c200d4d510b9f488c34e3dc7829517253b43259477c0b59123e6dba47',
    'cd43b2324cabcc558cc2d578b89f6dfdd7408a12cb69f4834c413f43e9ac6a23',
    '2616c73fe8632ca8862ea4388a1081cd1a0e5275b7905145c630fe2c5dc6ab24',
    '684cdbe177fc1ca37fd5b53644a3697dc741aabaf222cbc05cd2da515d2dbbf5',
    '529d202a808e4a6651309693bced4ccefd8a6b11d36cf3b89e5badad77f31f7a',
    '4a7f59842083db9e1177a4d06ce489aeefff56cd793b98d04657c14f495a744d',
    'f2436b47db431a8812048632f90b62cb7b1bb0b2de659341140da67d3a84c27d',
    '84731bb2b654bbdc1be6adb7f7ba7036520c1646ad40e4abba5f6545838e8356',
    '3cda0963be65d1cdab4dcb5c07fb0d8f8c893cc9435178db0937aa2844d6ed66',
    '27f09ae7a915e706bf1c66938b109087ae6ecdcfc254b480565e5ca037ba116c',
    '478fc7194911009b71c7bd93bb36742edcda91836c2d33ba7de947ce60155c65',
    '1734ee1d462792fc1ce48310ed8fcc4b8d05ac2d6453dae702f89d8190a8eddd',
    '46c18fc8cf96b571294699d61593874471773211ea753b0b65a20d38479036a8',
    '8e8a428bc5202d93446400e114f2f81135d088323fc3a7ced16871698503b1ee',
    'd2606f771ee008c08d41740e4b965192513a2c67de7f09a644ab3da91b9e5ed5',
    'af04cab6e697f57ded857c5e99bf475f4e9d6d7ee61a6ebe8fe66a4e7ec3a4f9',
    '75b2f0bc80e0bcf6befcf919f3b4d9764a07a2ca8d5aace4c82f02edf789a579',
    '161401d602ec86f91ead09d0d1d758690755b043d724cff02535eb0645281796',
    '8f20a03ac4039f7039f382f356fbbe8fa17069eecf3bc2094280123f5e68d547',
    '6a8674d83bb3073fb9b6ea3ee04ae0d3ed57b0af3d649b8c3cb9128966c01935',
    '4e2b25a328d4b3a851fe3dd40dbaf89bfc8cda6aa5c685aeb6e344b9b1741ecf',
    'bcbfeedac5ac33ff0e9a6e8aa64d4ae77667caee2a4a7efb2d126be2d0b80258',
  ],
  root: '647c1900b450d9f5a647f52c48356854384cad94ba7bd658f533bbe847cf2ea8',
  seedOfAlternative2: '153fbe13fd9af5034ef354e0862ef0461f96ae9396d44fca76a4f677243a32f3',
  agreement: {
    v: 1,
    domain: 'agent-negotiate/agreement',
    nid: '3333333333333333333333333333333333333333333333333333333333333333',
    offer: '4444444444444444444444444444444444444444444444444444444444444444',
    alternative: 0,
    buyer: '5555555555555555555555555555555555555555555555555555555555555555',
    provider: '6666666666666666666666666666666666666666666666666666666666666666',
    offeror: '6666666666666666666666666666666666666666666666666666666666666666',
    terms_root: '647c1900b450d9f5a647f52c48356854384cad94ba7bd658f533bbe847cf2ea8',
    start_by: 1800090000,
    supersedes: '7777777777777777777777777777777777777777777777777777777777777777',
    under: null,
  },
  agreementHash: 'da9a7d8b351cdb770e46ac8f95c9f21f8cf19021cf2d4250380d94eecc549fd5',
};

/** All vectors. */
export const AGREEMENT_VECTORS = [SMALLEST, EVERY_SECTION];
