import { exploreLiar } from './exploreLiar.fixture.ts';
import { listLiarCases } from './exploreLiarCases.fixture.ts';
const words = process.argv.slice(2);
for (const one of listLiarCases(Number(process.env.LIES ?? 2)).filter(({ name }) => words.length === 0 || words.some((w) => name.startsWith(w)))) {
  const kase = one;
  const t = process.cpuUsage();
  const cpu = () => { const c = process.cpuUsage(t); return ((c.user + c.system) / 1e6).toFixed(2); };
  try {
    const r = exploreLiar(kase);
    const codes = new Set(r.machine.messages.flatMap(({ body }) => body.type === 'error' ? body.code : []));
    console.log(`## ${r.name}: states ${r.states} steps ${r.steps} layers ${r.layers} cheats ${r.cheats} cpu ${cpu()} rss ${process.memoryUsage().rss>>20}; codes ${[...codes].join()}`);
  } catch (e) { console.log('!!', (e as Error).message.slice(0,3500), cpu()); if (process.env.STACK) console.log((e as Error).cause); }
}
