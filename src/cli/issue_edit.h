#pragma once

#include "cli/client.h"

/*
 * Has a person change title and body of the issue IN names ("id") in their editor, and puts
 * what they made of it into IN, with the version it was made from: what somebody else wrote
 * meanwhile is not written over.  *DRAFT gets the path of the file that holds the text, which
 * the caller frees, and removes once it is written.  Fails with ERR_USAGE when the text was
 * emptied or left as it was, or as the order and the editor do; what was written then still
 * stands in *DRAFT, unless that is NULL: then nothing was written.
 */
NODISCARD int issue_edit(
    struct client *client, struct fields *in, char **draft, struct err *err);
