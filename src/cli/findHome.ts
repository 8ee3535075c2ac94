// Which folder is the agent's home: the option, the environment, or the place the system has for such data.

import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** `--home`, else AGENT_NEGOTIATE_HOME, else `agent-negotiate` in XDG_DATA_HOME (default `~/.local/share`). */
export function findHome(option: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  const named = option ?? env['AGENT_NEGOTIATE_HOME'];
  if (named !== undefined && named !== '') return resolve(named);
  const data = env['XDG_DATA_HOME'];
  // The specification has relative paths there ignored.
  return join(data !== undefined && isAbsolute(data) ? data : join(homedir(), '.local', 'share'), 'agent-negotiate');
}
