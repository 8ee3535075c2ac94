#!/usr/bin/env node
// The command `agent-negotiate`: finds a Node that can run it, then hands over to the command line.
// Old Nodes must be able to read this file and runtime.js: no top-level await, no optional chaining, no `node:` imports.

import { launch } from './runtime.js';

launch(process.argv.slice(2));
