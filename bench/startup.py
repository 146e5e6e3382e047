#!/usr/bin/env python3
"""How long a verb takes that needs no server: the floor under every other number."""
import lib


def measure(build, _scratch):
    def again(*argv):
        def go():
            samples = [lib.run(argv) for _ in range(10)]
            return sum(s.wall for s in samples) / len(samples)
        return go

    lib.head()
    lib.versus("divisi version", "git version", again("git", "version"),
               again(f"{build}/src/cli/divisi", "version"), "", by=None)


if __name__ == "__main__":
    lib.main(measure)
