#include "base/landlock.h"

#include "base/mem.h"

#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

int
landlock_abi(void)
{
	long abi = syscall(
	    SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

const char *
landlock_gaps(int abi)
{
	/* Version 2: rename between directories; 3: truncate; 5: ioctl; 6: signals. */
	static const char *const gaps[] = {
		"anything: this kernel has no Landlock",
		"truncating files, ioctl on devices, signals to other processes (and it "
		"refuses every rename between two directories)",
		"truncating files, ioctl on devices, signals to other processes",
		"ioctl on devices, signals to other processes",
		"ioctl on devices, signals to other processes",
		"signals to other processes",
	};

	return abi < (int)N_ELEMS(gaps) ? gaps[abi < 0 ? 0 : abi] : "";
}
