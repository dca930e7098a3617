// SPDX-License-Identifier: Apache-2.0

// This process's own use of the machine, by the names that Prometheus' client libraries have
// agreed on: process_cpu_seconds_total, process_open_fds and others.
#pragma once

#include "core/metrics/prometheus_text.h"

namespace glovebox::core {

// What the kernel does not tell is left out.
void write_process_metrics(PrometheusText& text);

}  // namespace glovebox::core
