// Mandates to start from, as commented TOML: one for an agent that buys, one for an agent that sells.

const HEAD = `# What this agent may do while you are away. Whatever is not said here is refused.
# Check it:  agent-negotiate policy check FILE      Use it:  agent-negotiate policy set FILE
# All fields: docs/mandate.md. Amounts are in msat: 1 sat is 1000 msat.
version = 1
`;

const PEERS = `
[peers]
allow = ["*"]            # anybody; or list npubs
deny = []                # nobody gets anything who is listed here, whatever was signed
min_trust = 0            # ai.wot score from 0 to 100; an unknown score is below every other one
`;

const BARGAIN = `
# [bargain]              # how jobs bargain that are not told otherwise; by a few fixed rules unless you say so
# strategy = "trade-off" # docs/strategies.md; try it: agent-negotiate simulate --policy FILE
# rounds = 12            # how many offers it has
`;

const DISCLOSURE = `
[disclosure]             # what may be said before both hold an agreement
terms = ["*"]            # all terms; or list them, such as "/price"
free_text = true         # questions and answers in words of its own
max_text_chars = 4000
attachments = false
# public = []           # what may go out to everybody: "announcement", "attestation"
`;

const PACE = `
[rate]                   # a deal takes as many moves as it has rounds, and two or three more
moves_per_minute = 60
moves_per_hour = 300
new_per_hour = 30        # negotiations begun

[rate.per_peer]
moves_per_minute = 30    # two deals of 12 rounds with one peer
moves_per_hour = 100
new_per_hour = 5

[windows]
signature_s = 7200       # how long a first signature may wait for the second one
offer_s = 604800         # how long an offer, or a negotiation that it opens, may stand

# [hours]                # around the clock unless you say when
# utc_offset = "+01:00"  # fixed; it does not follow summer time
# open = ["mon-fri 08:00-18:00"]
`;

const BUYER = `${HEAD}name = "buyer"
role = "buyer"
# valid_until = 2027-12-31T00:00:00Z

[services]
capabilities = ["translation", "summar*"]   # exact names, or beginnings that end in *
${PEERS}
[limits]
per_deal_msat = 1_000_000     # 1000 sats
per_day_msat = 5_000_000      # paid within any 24 hours, and all that is promised
open_msat = 3_000_000         # promised at once
open_deals = 5
unbounded_price = false       # never sign a price that nothing limits

[[issues]]
term = "/price"
reserve = 900_000             # the most it agrees to
target = 600_000              # what it aims at
${BARGAIN}
[terms]
required = []
forbidden = ["/payment/arbiter"]
price_models = ["fixed"]

[terms.values]
"/payment/when" = ["before", "after", "escrow"]
"/confidentiality/publish" = ["attestation"]
${DISCLOSURE}
[approval]                    # wait for your yes: agent-negotiate approve NEGOTIATION
above_msat = 500_000
when = ["first-deal", "amendment"]
${PACE}`;

const SELLER = `${HEAD}name = "seller"
role = "seller"
# valid_until = 2027-12-31T00:00:00Z

[services]
capabilities = ["translation"]   # exact names, or beginnings that end in *
${PEERS}
[[issues]]
term = "/price"
reserve = 700_000             # the least it agrees to
target = 900_000              # what it aims at
${BARGAIN}
[terms]
required = []
forbidden = ["/penalties", "/payment/arbiter"]
price_models = ["fixed"]

[terms.values]
"/payment/when" = ["before", "escrow"]
"/confidentiality/publish" = ["attestation"]
${DISCLOSURE}
[approval]                    # wait for your yes: agent-negotiate approve NEGOTIATION
above_msat = 5_000_000
when = ["amendment", "presigned-offer"]
${PACE}`;

/** The presets by name. */
export const POLICY_PRESETS = { buyer: BUYER, seller: SELLER } as const;
