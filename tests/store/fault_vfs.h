#pragma once

/*
 * A layer under SQLite that counts what reaches the disk and can make it fail or end the
 * process there.  fault_install() makes it the default for databases opened afterwards;
 * again is nothing.
 */
enum fault_how { FAULT_NEVER, FAULT_FULL, FAULT_IO, FAULT_SYNC, FAULT_DIE };

void fault_install(void);

/* The AFTER-th write, truncation or sync from now on does HOW, and so do all behind it. */
void fault_arm(enum fault_how how, int after);

/* Operations counted since fault_arm(). */
int fault_count(void);
