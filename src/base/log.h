#pragma once

#include "base/err.h"

/*
 * One-line log to standard error, or to the descriptor given, with UTC time and level.
 * Rooms below engine never log above debug: they return errors (HOUSE 5.4).
 */
enum log_level { LOG_LVL_DEBUG, LOG_LVL_INFO, LOG_LVL_WARN, LOG_LVL_ERROR };

void log_open(int fd, enum log_level min_level);
void log_line(enum log_level level, const char *fmt, ...) PRINTF(2, 3);

#define log_debug(...) log_line(LOG_LVL_DEBUG, __VA_ARGS__)
#define log_info(...)  log_line(LOG_LVL_INFO, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_LVL_WARN, __VA_ARGS__)
#define log_error(...) log_line(LOG_LVL_ERROR, __VA_ARGS__)
