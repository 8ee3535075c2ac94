"""The two chains of moves of one side: section 6."""

EXEMPT = ("close", "cancel", "receipt", "error")
NOTICES = ("receipt", "error")
MAX_SEQ, MAX_MOVES, MAX_UNSEEN, MAX_WAITING, RESERVE = 1_000, 200, 64, 64, 16


class Chain:
    """`sent` and `received` hold (id, type) in order of seq; `waiting` holds early arrivals by seq."""

    def __init__(self):
        self.sent, self.received, self.waiting = [], [], {}
        self.seen_count = self.covered_count = 0
        self.equivocated = False

    def next_header(self):
        last = lambda links: links[-1][0] if links else ""
        return {"seq": str(len(self.sent) + 1), "prev": last(self.sent), "seen": last(self.received)}

    def append_sent(self, link):
        self.sent.append(link)
        self.covered_count = len(self.received)

    def may_send(self, kind, is_commitment):
        if kind in EXEMPT:
            return len(self.sent) < MAX_SEQ
        left = MAX_MOVES - sum(each not in EXEMPT for _, each in self.sent)
        unseen = len(self.sent) - self.seen_count
        return len(self.sent) < MAX_SEQ and left >= (RESERVE if is_commitment else 1) and unseen < MAX_UNSEEN

    def is_beyond_limit(self, kind):
        counted = [each for _, each in self.received if each not in EXEMPT and each != "unusable"]
        return kind not in EXEMPT and len(counted) > MAX_MOVES

    def owes_receipt(self):
        return any(kind not in NOTICES for _, kind in self.received[self.covered_count :])

    def receive(self, arrival):
        """('dropped' | 'equivocation' | 'duplicate' | 'waiting' | 'applied', what to resend or to apply)."""
        header = arrival[0]
        seq, n = header["seq"], len(self.received)
        if seq > MAX_SEQ:
            return "dropped", []
        known = self.received[seq - 1][0] if seq <= n else self.waiting[seq][0]["id"] if seq in self.waiting else None
        if known not in (None, header["id"]):
            self.equivocated = True
            return "equivocation", []
        if known and seq > n:
            return "waiting", []
        if known:
            asks = kind_of(arrival) not in NOTICES and seq <= self.covered_count
            return "duplicate", [each for each, _ in self.sent[self.seen_count :]] if asks else []
        if seq > n + 1:
            if len(self.waiting) >= MAX_WAITING:
                return "dropped", []
            self.waiting[seq] = arrival
            return "waiting", []
        if header["prev"] != self.next_header()["seen"]:
            return "dropped", []
        return "applied", self.apply(arrival)

    def apply(self, arrival):
        """The arrival and those that waited for it, each when it is its turn: what answers one has not seen those after it."""
        while arrival is not None:
            self.received.append((arrival[0]["id"], kind_of(arrival)))
            self.note_seen(arrival[0])
            yield arrival
            arrival = self.waiting.pop(len(self.received) + 1, None)
            if arrival is not None and arrival[0]["prev"] != self.received[-1][0]:
                arrival = None

    def note_seen(self, header):
        ids = [each for each, _ in self.sent]
        if header["seen"] in ids:
            self.seen_count = max(self.seen_count, ids.index(header["seen"]) + 1)


def kind_of(arrival):
    return arrival[1]["type"] if arrival[1] else "unusable"
