// Reads the few things of a Markdown file that can be checked: headings, links, code.

/** A fenced block of code; `language` is empty when the fence names none. */
export interface Fence {
  readonly language: string;
  readonly text: string;
}

/** A Markdown file taken apart. */
export interface Markdown {
  /** The text without its fenced blocks. */
  readonly prose: string;
  readonly fences: readonly Fence[];
  /** The anchors that its headings and `id` attributes make, as GitHub spells them. */
  readonly anchors: ReadonlySet<string>;
  /** The targets of its links and images. */
  readonly links: readonly string[];
  /** Its inline code. */
  readonly codes: readonly string[];
}

const FENCE = /^( *)(`{3,}|~{3,})([\w-]*)[^\n]*\n([\s\S]*?)^ *\2`*[ \t]*$/gm;

/** Takes a Markdown text apart. */
export function readMarkdown(text: string): Markdown {
  const fences: Fence[] = [];
  const prose = text.replace(FENCE, (_whole, _indent, _marks, language: string, body: string) => {
    fences.push({ language, text: body });
    return '';
  });
  const codes = [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
  const plain = prose.replace(/`[^`\n]+`/g, '');
  const links = [...plain.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|^\[[^\]]+\]:\s*(\S+)/gm)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  return { prose, fences, codes, links, anchors: readAnchors(prose) };
}

function readAnchors(prose: string): Set<string> {
  const anchors = new Set([...prose.matchAll(/\bid="([^"]+)"/g)].map((match) => match[1] ?? ''));
  for (const [, heading = ''] of prose.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const slug = spellAnchor(heading);
    let unique = slug;
    for (let count = 1; anchors.has(unique); count++) unique = `${slug}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

function spellAnchor(heading: string): string {
  const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
  return text.replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-');
}
