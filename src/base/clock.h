#pragma once

#include <stdint.h>

/*
 * Milliseconds of CLOCK_MONOTONIC: for limits and waits, which a person who sets the clock
 * must not move.  Never fails.  What the journal dates comes from the engine's clock instead.
 */
int64_t clock_mono_ms(void);

/* The same, and the time the machine slept since it was started: CLOCK_BOOTTIME. */
int64_t clock_boot_ms(void);
