// Properties draw the same cases in each run, so that a failure comes again; FC_SEED draws others.

import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 1) });
