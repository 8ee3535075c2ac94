import { explore } from './explore.fixture.ts';
import { LARGE_CASES, SMALL_CASES } from './exploreCases.fixture.ts';
const words = process.argv.slice(2);
for (const kase of [...SMALL_CASES, ...LARGE_CASES].filter(({ name }) => words.some((w) => name.startsWith(w)))) {
  const t = process.cpuUsage();
  const cpu = () => { const c = process.cpuUsage(t); return ((c.user + c.system) / 1e6).toFixed(2); };
  try {
    const r = explore(kase, Number(process.env.LIMIT ?? 3_000_000));
    const codes = new Set(r.machine.messages.flatMap(({ body }) => body.type === 'error' ? body.code : []));
    console.log(`## ${r.name}: states ${r.states} steps ${r.steps} side ${r.sideStates} term ${r.terminals} cpu ${cpu()} rss ${process.memoryUsage().rss>>20}; codes ${[...codes].join()}${kase.meets.every(c=>codes.has(c))?'':' MISSING'}`);
    console.log('   ', [...r.outcomes].map(([k,v])=>`${k}: ${v}`).join('; '));
  } catch (e) { console.log('!!', (e as Error).message.slice(0,3500), cpu()); if (process.env.STACK) console.log((e as Error).cause); }
}
