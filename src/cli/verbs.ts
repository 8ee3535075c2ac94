// The verbs of the command line with their arguments and options.

import type { Command } from 'commander';
import { collect } from './parseValues.ts';
import { addPolicy } from './policyVerbs.ts';
import { addTools } from './toolVerbs.ts';
import { verb } from './verb.ts';
import { addServe } from './serve/serveVerb.ts';

/** Adds every verb to the program. `setExitCode` takes the code of verbs that have more than one way to end well. */
export function addVerbs(program: Command, setExitCode: (code: number) => void): void {
  addSettingUp(program);
  addMoves(program);
  addLooking(program);
  addGroups(program);
  addPolicy(program, setExitCode);
  addTrading(program, setExitCode);
  addRequests(program, setExitCode);
  addTools(program, setExitCode);
}

function addSettingUp(program: Command): void {
  verb(program, 'init', 'make a new agent; --relay names the relays it is reached at')
    .option('--invites <who>', 'who may open a channel without asking: ask (nobody), anyone, or npubs with commas', 'ask')
    .option('--proxy <url>', 'SOCKS5 proxy that every relay is reached through, such as socks5h://127.0.0.1:9050 (Tor)')
    .option('--attest-delay <duration>', 'how long attestations wait on average, such as 2h; 0 for not at all')
    .option('--key-file <file>', 'use the secret key in this file (64 hex digits, or ncryptsec1… and --passphrase-file; - for stdin)')
    .option('--protect <how>', 'keep everything encrypted, opened by a passphrase, key-file or key-command (docs/keys.md)')
    .option('--home-key-file <file>', 'the key file for --protect key-file')
    .option('--bunker <file>', 'leave the secret key in the bunker (NIP-46) whose bunker:// URL is in this file; - for stdin')
    .action(async (options) => (await import('./commands/init.ts')).runInit(options));
  verb(program, 'protect [how]', 'protect the home with a passphrase, key-file or key-command, or none; without a word, say how it is')
    .option('--new-passphrase-file <file>', 'the file with the new passphrase, - for stdin')
    .option('--new-key-file <file>', 'the new key file')
    .option('--new-key-command <command>', 'the program that prints the new key')
    .action(async (how, options) => (await import('./commands/protect.ts')).runProtect(how, options));
  verb(program, 'backup <file>', 'write an encrypted backup to a new file; the home may be in use')
    .option('--backup-passphrase-file <file>', 'the file with the passphrase of the backup, - for stdin')
    .option('--backup-key-file <file>', 'the key file of the backup')
    .action(async (file, options) => (await import('./commands/backup.ts')).runBackup(file, options));
  verb(program, 'restore <file>', 'make a home from a backup, and open a new channel with every peer')
    .option('--backup-passphrase-file <file>', 'the file with the passphrase of the backup, - for stdin')
    .option('--backup-key-file <file>', 'the key file of the backup')
    .action(async (file, options) => (await import('./commands/backup.ts')).runRestore(file, options));
  verb(program, 'invites [who]', 'show who may open a channel without asking, or change it: ask (nobody new) or anyone')
    .option('--allow <npub>', 'let this peer in, now and later; may be repeated', collect)
    .option('--block <npub>', 'never hear of this peer; may be repeated', collect)
    .option('--forget <npub>', 'take this peer off both lists; may be repeated', collect)
    .option('--announced-only <yes-or-no>', 'let strangers in only for services that you announce')
    .option('--min-trust <score>', 'let strangers in only from this trust score on, 0 to 100')
    .option('--min-work <bits>', 'let strangers in only if their invite shows so much work (NIP-13)')
    .option('--per-hour <number>', 'how many strangers may come in within an hour (120)')
    .option('--max-open <number>', 'how many channels with strangers may be open (1000)')
    .action(async (who, options) => (await import('./commands/invites.ts')).runInvites(who, options));
  verb(program, 'relays', 'show the relays that this agent is reached at, change them, or publish it there again')
    .option('--add <url>', 'be reached at this relay too; may be repeated', collect)
    .option('--remove <url>', 'be reached at this relay no longer; may be repeated', collect)
    .option('--set <url...>', 'be reached at these relays and no others')
    .option('--publish', 'publish the relay lists, a key package and the announcements again, for relays that have lost them')
    .action(async (options) => (await import('./commands/relays.ts')).runRelays(options));
  verb(program, 'whoami', 'show npub, relays and home').action(async (options) => (await import('./commands/look.ts')).runWhoami(options));
}

function addMoves(program: Command): void {
  verb(program, 'start <npub> <service> [requirements]', 'start a negotiation; requirements are words, or - for stdin')
    .option('--role <role>', 'what you will be in the deal: buyer or provider', 'buyer')
    .option('--terms <file>', 'terms to start from, as JSON; they bind nobody')
    .option('--for <duration>', 'how long the negotiation may take, such as 7d')
    .option('--approve', 'say yes to what your policy would ask you about')
    .action(async (npub, service, requirements, options) =>
      (await import('./commands/talk.ts')).runStart(npub, service, requirements, options),
    );
  verb(program, 'send <negotiation> <text>', 'answer the open question, or ask one; - takes the text from stdin')
    .option('--approve', 'say yes to what your policy would ask you about')
    .action(async (nid, text, options) => (await import('./commands/talk.ts')).runSend(nid, text, options));
  verb(program, 'offer <negotiation>', 'make an offer or a counter-offer; what is not named stays as it was')
    .option('--sats <amount>', 'fixed price in sats; other prices stand in --terms')
    .option('--summary <text>', 'the work in words')
    .option('--output <text>', 'the form of the result')
    .option('--within <duration>', 'deliver within this time after payment, such as 24h')
    .option('--by <date>', 'deliver by this date, such as 2027-01-31T12:00Z')
    .option('--terms <file>', 'the whole terms, as JSON (docs/deals.md)')
    .option('--for <duration>', 'how long the offer stands, such as 24h')
    .option('--or <file>', 'other terms that you like as well, as JSON; may be repeated', collect)
    .option('--sign', 'sign it now: then the accept of the peer seals it')
    .option('--amend', 'as a change of the deal that is made')
    .option('--call-off', 'as a job under the framework that was agreed')
    .option('--approve', 'say yes to what your policy would ask you about')
    .action(async (nid, options) => (await import('./commands/talk.ts')).runOffer(nid, options));
  verb(program, 'withdraw <negotiation>', 'take your open offer back; one that you signed is made void')
    .option('--offer <id>', 'the offer to take back')
    .action(async (nid, options) => (await import('./commands/talk.ts')).runWithdraw(nid, options));
  verb(program, 'accept <negotiation>', 'accept the newest offer of the peer: this signs it')
    .option('--offer <id>', 'the offer to accept')
    .option('--alternative <number>', 'which of its other terms to accept, from 1')
    .option('--sats <amount>', 'accept only if its fixed price is exactly this')
    .option('--approve', 'say yes to what your policy would ask you about')
    .action(async (nid, options) => (await import('./commands/talk.ts')).runAccept(nid, options));
  verb(program, 'reject <negotiation>', 'decline and end the negotiation')
    .option('--offer <id>', 'the offer to decline')
    .option('--reason <text>', 'words for the peer')
    .option('--keep-talking', 'decline the offer alone and go on')
    .option('--approve', 'say yes to what your policy would ask you about')
    .action(async (nid, options) => (await import('./commands/talk.ts')).runReject(nid, options));
}

function addLooking(program: Command): void {
  verb(program, 'list', 'list negotiations and invites').action(async (options) => (await import('./commands/look.ts')).runList(options));
  verb(program, 'status <negotiation>', 'show one negotiation; name it by the first digits of its id, or by the peer')
    .option('--bundle <file>', 'write the bundle of the closed deal to this file')
    .option('--agreement <hash>', 'the bundle of another agreement, by the first digits of its hash')
    .action(async (nid, options) => (await import('./commands/look.ts')).runStatus(nid, options));
  verb(program, 'history <negotiation>', 'show what was said').action(async (nid, options) =>
    (await import('./commands/look.ts')).runHistory(nid, options),
  );
  verb(program, 'sync', 'fetch what is new, answer what is due by itself, send what waits')
    .option('--wait <duration>', 'wait this long for news, such as 60s')
    .option('--from <npub>', 'let this peer open a channel, from now on; may be repeated', collect)
    .action(async (options) => (await import('./commands/sync.ts')).runSync(options));
}

function addGroups(program: Command): void {
  const group = program.command('group').description('talk in private with several, and change who is in it; see: group --help');
  verb(group, 'list', 'list groups and private channels').action(async (options) =>
    (await import('./commands/group.ts')).runGroupList(options),
  );
  verb(group, 'create <name> <npub...>', 'make a group with up to seven others; you are its admin')
    .option('--approve', 'say yes to what your policy would ask you about')
    .action(async (name, npubs, options) => (await import('./commands/group.ts')).runGroupCreate(name, npubs, options));
  verb(group, 'show <group>', 'show who is in it and what was said; name it by the first digits of its id')
    .option('--limit <count>', 'how many messages to show (50)')
    .action(async (id, options) => (await import('./commands/group.ts')).runGroupShow(id, options));
  verb(group, 'say <group> <text>', 'say something to everybody in it; - takes the text from stdin')
    .option('--approve', 'say yes to what your policy would ask you about')
    .action(async (id, text, options) => (await import('./commands/group.ts')).runGroupSay(id, text, options));
  verb(group, 'add <group> <npub...>', 'invite others; for admins').action(async (id, members, options) =>
    (await import('./commands/group.ts')).runGroupChange(id, { kind: 'add', members }, options),
  );
  verb(group, 'remove <group> <npub>', 'remove a member; for admins').action(async (id, member, options) =>
    (await import('./commands/group.ts')).runGroupChange(id, { kind: 'remove', member }, options),
  );
  verb(group, 'rename <group> <name>', 'give it another name; for admins')
    .option('--approve', 'say yes to what your policy would ask you about')
    .action(async (id, name, options) => (await import('./commands/group.ts')).runGroupChange(id, { kind: 'rename', name }, options));
  verb(group, 'admins <group> <npub...>', 'say who its admins are from now on; for admins').action(async (id, admins, options) =>
    (await import('./commands/group.ts')).runGroupChange(id, { kind: 'admins', admins }, options),
  );
  verb(group, 'update <group>', 'renew your own keys in it now').action(async (id, options) =>
    (await import('./commands/group.ts')).runGroupChange(id, { kind: 'self-update' }, options),
  );
  verb(group, 'leave <group>', 'leave it; the others go on').action(async (id, options) =>
    (await import('./commands/group.ts')).runGroupChange(id, { kind: 'leave' }, options),
  );
  verb(group, 'disband <group>', 'end it for everybody, for good; for admins').action(async (id, options) =>
    (await import('./commands/group.ts')).runGroupChange(id, { kind: 'disband' }, options),
  );
}

function addTrading(program: Command, setExitCode: (code: number) => void): void {
  verb(program, 'find <capability>', 'find services that negotiate')
    .option('--all', 'also those that do not negotiate')
    .action(async (capability, options) => (await import('./commands/market.ts')).runFind(capability, options));
  verb(program, 'trust <npub>', 'explain what others say of a key (ai.wot)').action(async (npub, options) =>
    (await import('./commands/market.ts')).runTrust(npub, options),
  );
  verb(program, 'deal [negotiation]', 'buy a service: find, verify, negotiate, hand over, pay, check, attest; run again, it goes on')
    .option('--find <capability>', 'what to look for')
    .option('--max <sats>', 'the most to pay')
    .option('--bid <sats>', 'what to bid first (two thirds of the most)')
    .option(
      '--strategy <name>',
      'how to bargain between the two: a name such as boulware, a spec as JSON, or a module of yours, ./mine.js#name (the policy’s, else by fixed rules)',
    )
    .option('--rounds <count>', 'how many offers the strategy has (the policy’s for its own, else 12)')
    .option('--about <text>', 'what is wanted, in words; - takes them from stdin')
    .option('--input <file>', 'what to hand over once the deal is made; may be repeated', collect)
    .option('--answer <text>', 'what to answer if the provider asks')
    .option('--peer <npub>', 'buy from this provider only; repeated: ask these, and take the best offer', collect)
    .option('--ask <count>', 'ask so many providers, each in private, bargain with all and take the best offer')
    .option('--weigh <weights>', 'of several: how much price, time and trust matter (price=1,time=0,trust=0)')
    .option('--collect <duration>', 'of several: how long to bargain, unless nobody has more to say before (10m)')
    .option('--within <duration>', 'latest delivery after payment, such as 24h')
    .option('--min-trust <score>', 'deal with nobody who scores less, 0 to 100')
    .option('--attest', 'attest the work in public if the provider agrees')
    .option('--again', 'order what was ordered before once more')
    .option('--out <dir>', 'folder for the result (deal-NEGOTIATION)')
    .option('--wait <duration>', 'how long to stay and see it through (10m)')
    .action(async (nid, options) => setExitCode(await (await import('./commands/deal.ts')).runDeal(nid, options)));
  addServe(program, setExitCode);
  verb(program, 'stop', 'stop the serve that runs on this home, in order').action(async (options) =>
    (await import('./commands/stop.ts')).runStop(options),
  );
  verb(program, 'announce', 'show, publish or withdraw announcements of your services')
    .option('--config <file>', 'announce the services in this file')
    .option('--withdraw <id>', 'withdraw this service; may be repeated', collect)
    .option('--approve', 'say yes to what your policy would ask you about')
    .action(async (options) => (await import('./commands/market.ts')).runAnnounce(options));
  verb(program, 'jobs', 'list what was bought and sold').action(async (options) => (await import('./commands/market.ts')).runJobs(options));
  verb(program, 'why <negotiation>', 'say why a job’s strategy decided as it did; for your eyes, it holds your limits').action(
    async (nid, options) => (await import('./commands/market.ts')).runWhy(nid, options),
  );
  verb(program, 'wallet', 'show the wallet, or connect one (NIP-47)')
    .option('--connect <file>', 'file with the wallet’s URL, which is a secret; - for stdin')
    .action(async (options) => (await import('./commands/wallet.ts')).runWallet(options));
}

function addRequests(program: Command, setExitCode: (code: number) => void): void {
  verb(program, 'rfq [npub...]', 'ask several providers for offers, each in private, and sign the best; run again, it goes on')
    .option('--service <capability>', 'what is wanted, as providers announce it')
    .option('--about <text>', 'what is wanted, in words; - takes it from stdin')
    .option('--max <sats>', 'the most that is paid')
    .option('--within <duration>', 'latest delivery after payment, such as 24h')
    .option('--answer <text>', 'what to answer whoever asks')
    .option('--weigh <weights>', 'how much price, time and trust matter (price=1,time=0,trust=0)')
    .option('--min-trust <score>', 'ask nobody who scores less, 0 to 100')
    .option('--collect <duration>', 'how long to gather offers, unless all have answered before (10m)')
    .option('--for <duration>', 'how long to try at all (24h)')
    .option('--again', 'ask once more what was asked before')
    .option('--wait <duration>', 'how long to stay and see it through (10m)')
    .action(async (peers, options) => setExitCode(await (await import('./commands/rfq.ts')).runRfq(peers, options)));
}
