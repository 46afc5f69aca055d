#include "api/prometheus_text.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace ackd {
namespace {

prometheus::ClientMetric sample_of(const MetricSample& sample, MetricKind kind) {
  prometheus::ClientMetric out;
  for (const Field& label : sample.labels) out.label.push_back({label.name, label.value});
  if (kind == MetricKind::kCounter) {
    out.counter.value = sample.value;
  } else {
    out.gauge.value = sample.value;
  }
  return out;
}

// The families of one scrape, built from plain numbers when they are asked for: nothing is counted twice, and counting
// costs the engine nothing.
class Scrape final : public prometheus::Collectable {
 public:
  explicit Scrape(const std::vector<Metric>& metrics) : metrics_(metrics) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> families;
    families.reserve(metrics_.size());
    for (const Metric& metric : metrics_) {
      const bool is_counter = metric.kind == MetricKind::kCounter;
      prometheus::MetricFamily family{
          metric.name, metric.help, is_counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge, {}};
      for (const MetricSample& sample : metric.samples) family.metric.push_back(sample_of(sample, metric.kind));
      families.push_back(std::move(family));
    }
    return families;
  }

 private:
  const std::vector<Metric>& metrics_;
};

}  // namespace

std::string to_prometheus_text(const std::vector<Metric>& metrics) {
  return prometheus::TextSerializer().Serialize(Scrape(metrics).Collect());
}

}  // namespace ackd
