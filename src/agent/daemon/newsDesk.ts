// Keeps what has happened until somebody asks: `sync` tells what is new since the last one, as it does without a daemon.

import type { Hex } from '../../core/bytes.ts';
import type { FetchedNews } from '../fetchNews.ts';
import type { GroupNews, News } from '../work.ts';

const MAX_KEPT = 1_000;

/** What can be told. */
export interface DeskNews extends Pick<FetchedNews, 'joined' | 'waiting' | 'news' | 'groupNews'> {
  readonly ended: readonly Hex[];
}

/** The news that nobody has been told yet; of each kind the latest thousand. */
export interface NewsDesk {
  add(news: DeskNews): void;
  isEmpty(): boolean;
  /** True when somebody has opened a channel: what was said in it comes right after. */
  hasJoined(): boolean;
  take(): DeskNews;
}

/** An empty desk. */
export function createNewsDesk(): NewsDesk {
  let joined: readonly Hex[] = [];
  let waiting: readonly Hex[] = [];
  let news: readonly News[] = [];
  let groupNews: readonly GroupNews[] = [];
  let ended: readonly Hex[] = [];
  const add = <T>(old: readonly T[], more: readonly T[]): readonly T[] => (more.length === 0 ? old : [...old, ...more].slice(-MAX_KEPT));
  return {
    add: (more) => {
      joined = add(joined, more.joined);
      waiting = add(waiting, more.waiting);
      news = add(news, more.news);
      groupNews = add(groupNews, more.groupNews);
      ended = add(ended, more.ended);
    },
    isEmpty: () => joined.length + waiting.length + news.length + groupNews.length + ended.length === 0,
    hasJoined: () => joined.length > 0,
    take: () => {
      const told = { joined, waiting, news, groupNews, ended };
      [joined, waiting, news, groupNews, ended] = [[], [], [], [], []];
      return told;
    },
  };
}
