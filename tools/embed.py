#!/usr/bin/env python3
"""embed.py OUT SYMBOL FILE...: writes the files as one C array of struct embedded.

The array ends with an element whose name is NULL.  The order is that of the arguments,
the name of an element is the file's last component.
"""
import hashlib
import os
import sys


def c_bytes(data):
    lines = []
    for i in range(0, len(data), 16):
        lines.append("\t" + " ".join("0x%02x," % b for b in data[i:i + 16]))
    return "\n".join(lines)


def main(out, symbol, paths):
    parts = ['#include "base/embed.h"\n\n#include <stddef.h>\n']
    rows = []
    for i, path in enumerate(paths):
        with open(path, "rb") as f:
            data = f.read()
        # The NUL behind the bytes lets text be used as a C string.
        parts.append("static const unsigned char file_%d[] = {\n%s\n};\n"
                     % (i, c_bytes(data + b"\0")))
        rows.append('\t{ "%s", (const char *)file_%d, %d, "%s" },'
                    % (os.path.basename(path), i, len(data),
                       hashlib.sha256(data).hexdigest()))
    parts.append("extern const struct embedded %s[];\n" % symbol)
    parts.append("const struct embedded %s[] = {\n%s\n\t{ NULL, NULL, 0, NULL },\n};\n"
                 % (symbol, "\n".join(rows)))
    with open(out, "w", encoding="ascii") as f:
        f.write("\n".join(parts))


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit("usage: embed.py OUT SYMBOL FILE...")
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
