"""BIP-340 signatures over secp256k1: verification only, in Jacobian coordinates."""

import hashlib
from functools import lru_cache

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)
INFINITY = (0, 1, 0)


def double(point):
    x, y, z = point
    if z == 0:
        return INFINITY
    yy = y * y % P
    s = 4 * x * yy % P
    m = 3 * x * x % P
    x3 = (m * m - 2 * s) % P
    return x3, (m * (s - x3) - 8 * yy * yy) % P, 2 * y * z % P


def add(one, other):
    x1, y1, z1 = one
    x2, y2, z2 = other
    if z1 == 0:
        return other
    if z2 == 0:
        return one
    zz1, zz2 = z1 * z1 % P, z2 * z2 % P
    u1, u2 = x1 * zz2 % P, x2 * zz1 % P
    s1, s2 = y1 * zz2 * z2 % P, y2 * zz1 * z1 % P
    if u1 == u2:
        return double(one) if s1 == s2 else INFINITY
    h, r = (u2 - u1) % P, (s2 - s1) % P
    hh = h * h % P
    hhh, v = h * hh % P, u1 * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return x3, (r * (v - x3) - s1 * hhh) % P, h * z1 * z2 % P


def multiply_two(a, one, b, other):
    """a·one + b·other, bit by bit for both at once."""
    both = add(one, other)
    total = INFINITY
    for bit in range(255, -1, -1):
        total = double(total)
        pick = (a >> bit & 1) | (b >> bit & 1) << 1
        if pick:
            total = add(total, (None, one, other, both)[pick])
    return total


def lift_x(x):
    """The point with this x and an even y, or None."""
    if x >= P:
        return None
    c = (pow(x, 3, P) + 7) % P
    y = pow(c, (P + 1) // 4, P)
    if y * y % P != c:
        return None
    return (x, y if y % 2 == 0 else P - y, 1)


def tagged_hash(tag, data):
    name = hashlib.sha256(tag.encode()).digest()
    return hashlib.sha256(name + name + data).digest()


@lru_cache(maxsize=20_000)
def verify(public, message, signature):
    """All three in bytes: 32, any, 64."""
    point = lift_x(int.from_bytes(public, "big"))
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if point is None or r >= P or s >= N:
        return False
    e = int.from_bytes(tagged_hash("BIP0340/challenge", signature[:32] + public + message), "big") % N
    x, y, z = multiply_two(s, (*G, 1), N - e, point)
    if z == 0:
        return False
    inverse = pow(z, P - 2, P)
    even = y * inverse**3 % P % 2 == 0
    return even and x * inverse * inverse % P == r


def public_of(secret):
    """The x-only public key (hex) of a secret key (int)."""
    x, _, z = multiply_two(secret, (*G, 1), 0, (*G, 1))
    return format(x * pow(z, P - 3, P) % P, "064x")
