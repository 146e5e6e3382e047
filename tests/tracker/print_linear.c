#include "tracker/linear_ops.h"

#include <stdio.h>

/* Prints every operation for Linear, each followed by a NUL, for validate_linear.mjs. */
int
main(void)
{
	for (int i = 0; i < LINEAR_N_OPS; i++)
		printf("%s%c", linear_text[i].text, 0);
	return 0;
}
