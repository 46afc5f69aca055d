// Metrics as plain values, and their text for Prometheus (exposition format 0.0.4). The format is the library's, which
// is included by prometheus_text.cc and nowhere else. It throws nothing.
#pragma once

#include <string>
#include <vector>

#include "model/content.h"

namespace ackd {

enum class MetricKind { kCounter, kGauge };

struct MetricSample {
  Fields labels;  // of few values each: every combination is a series that somebody stores. Never a merchant.
  double value = 0;
};

struct Metric {
  std::string name;  // ackd_attempts_total: a counter ends in _total, a unit comes last
  std::string help;
  MetricKind kind = MetricKind::kGauge;
  std::vector<MetricSample> samples;
};

inline constexpr const char* kPrometheusContentType = "text/plain; version=0.0.4; charset=utf-8";

std::string to_prometheus_text(const std::vector<Metric>& metrics);

}  // namespace ackd
