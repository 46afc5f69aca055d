"""AES-256-GCM from its definition (FIPS 197, SP 800-38D), slow and without a library.

Python's standard library has no AES. A merchant of wechat_v3 needs one, and the one that ackd uses would prove nothing.
"""

import hmac


class WrongTag(Exception):
    """The sealed bytes, the associated data, the nonce or the key are not the ones that were sealed."""


def _times_two(byte):
    return (byte << 1) ^ (0x11B if byte & 0x80 else 0)


def _make_sbox():
    box = [0] * 256
    power = inverse = 1  # of the generator 3 and of its inverse
    while True:
        power ^= _times_two(power)
        inverse ^= inverse << 1
        inverse ^= inverse << 2
        inverse ^= inverse << 4
        inverse &= 0xFF
        if inverse & 0x80:
            inverse ^= 0x09
        rotated = inverse * 0x101  # so that a shift to the right is a rotation
        box[power] = (inverse ^ rotated >> 7 ^ rotated >> 6 ^ rotated >> 5 ^ rotated >> 4) & 0xFF ^ 0x63
        if power == 1:
            break
    box[0] = 0x63
    return bytes(box)


SBOX = _make_sbox()
ROUNDS = 14


def _round_keys(key):
    words = [key[i : i + 4] for i in range(0, 32, 4)]
    constant = 1
    while len(words) < 4 * (ROUNDS + 1):
        word = words[-1]
        if len(words) % 8 == 0:
            word = bytes(SBOX[byte] for byte in word[1:] + word[:1])
            word = bytes([word[0] ^ constant]) + word[1:]
            constant = _times_two(constant)
        elif len(words) % 8 == 4:
            word = bytes(SBOX[byte] for byte in word)
        words.append(bytes(a ^ b for a, b in zip(words[-8], word)))
    return [b"".join(words[i : i + 4]) for i in range(0, len(words), 4)]


def _mix(column):
    a, b, c, d = column
    every = a ^ b ^ c ^ d
    return [x ^ every ^ _times_two(x ^ y) for x, y in ((a, b), (b, c), (c, d), (d, a))]


def _encrypt_block(keys, block):
    state = bytes(a ^ b for a, b in zip(block, keys[0]))
    for number in range(1, ROUNDS + 1):
        state = [SBOX[state[(5 * i) % 16]] for i in range(16)]  # the rows shifted, the bytes substituted
        if number < ROUNDS:
            state = [byte for i in range(0, 16, 4) for byte in _mix(state[i : i + 4])]
        state = bytes(a ^ b for a, b in zip(state, keys[number]))
    return state


def _hash(subkey, data):
    total = 0
    for i in range(0, len(data), 16):
        left = total ^ int.from_bytes(data[i : i + 16].ljust(16, b"\0"), "big")
        total, right = 0, subkey
        for bit in range(127, -1, -1):
            if left >> bit & 1:
                total ^= right
            right = right >> 1 ^ (0xE1 << 120 if right & 1 else 0)
    return total


def _padded(data):
    return data + bytes(-len(data) % 16)


class AesGcm:
    """REQUIRES: a key of 32 bytes; nonces of 12 bytes."""

    def __init__(self, key):
        assert len(key) == 32, "the key must have 32 bytes"
        self.keys = _round_keys(key)
        self.subkey = int.from_bytes(_encrypt_block(self.keys, bytes(16)), "big")

    def _counted(self, nonce, data):
        counters = range(2, 2 + (len(data) + 15) // 16)  # 1 masks the tag
        stream = b"".join(_encrypt_block(self.keys, nonce + number.to_bytes(4, "big")) for number in counters)
        return bytes(a ^ b for a, b in zip(data, stream))

    def _tag(self, nonce, encrypted, associated):
        lengths = (8 * len(associated)).to_bytes(8, "big") + (8 * len(encrypted)).to_bytes(8, "big")
        total = _hash(self.subkey, _padded(associated) + _padded(encrypted) + lengths)
        mask = int.from_bytes(_encrypt_block(self.keys, nonce + (1).to_bytes(4, "big")), "big")
        return (total ^ mask).to_bytes(16, "big")

    def seal(self, nonce, plain, associated):
        encrypted = self._counted(nonce, plain)
        return encrypted + self._tag(nonce, encrypted, associated)

    def open(self, nonce, sealed, associated):
        encrypted, tag = sealed[:-16], sealed[-16:]
        if not hmac.compare_digest(tag, self._tag(nonce, encrypted, associated)):
            raise WrongTag("the tag of the sealed resource is wrong")
        return self._counted(nonce, encrypted)
