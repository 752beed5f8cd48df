"""What a file holds, as a hash."""

import hashlib


def hash_file(path: str) -> str:
    """Hash of what a file holds.

    Args:
        path: A file; of an address only the name counts.

    Returns:
        64 hex digits.
    """
    digest = hashlib.sha256()
    if '://' in path:
        digest.update(path.encode())
        return digest.hexdigest()
    with open(path, 'rb') as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()
