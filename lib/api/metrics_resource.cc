#include "api/metrics_resource.h"

#include <utility>

#include "api/prometheus_text.h"

namespace ackd {
namespace {

template <class Number>
Metric counter(std::string name, std::string help, Number value) {
  return {std::move(name), std::move(help), MetricKind::kCounter, {{{}, static_cast<double>(value)}}};
}

template <class Number>
Metric gauge(std::string name, std::string help, Number value) {
  return {std::move(name), std::move(help), MetricKind::kGauge, {{{}, static_cast<double>(value)}}};
}

Metric flag(std::string name, std::string help, bool is_set) {
  return gauge(std::move(name), std::move(help), is_set ? 1 : 0);
}

double seconds(std::int64_t ms) {
  return static_cast<double>(ms) / 1'000.0;
}

Metric notifications_by_state(const OutboxCounts& counts) {
  Metric metric{"ackd_notifications", "Notifications on record, by state.", MetricKind::kGauge, {}};
  for (int state = 0; state < kStateCount; ++state) {
    metric.samples.push_back({{{"state", name_of(static_cast<State>(state))}},
                              static_cast<double>(counts.by_state.at(static_cast<std::size_t>(state)))});
  }
  return metric;
}

// One series for each band, of which one is 1: a band has no number that means anything.
Metric disk_bands(DiskBand now) {
  Metric metric{
      "ackd_disk_band", "The band of free space on the outbox's disk; 1 for the present one.", MetricKind::kGauge, {}};
  for (const DiskBand band : {DiskBand::kPlenty, DiskBand::kLow, DiskBand::kCritical}) {
    metric.samples.push_back({{{"band", name_of(band)}}, band == now ? 1.0 : 0.0});
  }
  return metric;
}

void add_record(const OutboxCounts& counts, std::vector<Metric>& out) {
  out.push_back(notifications_by_state(counts));
  out.push_back(counter("ackd_notifications_admitted_total", "Notifications ever recorded.", counts.admitted));
  out.push_back(counter("ackd_attempts_total", "Attempts on record.", counts.attempts));
  out.push_back(counter("ackd_attempts_possibly_sent_total",
                        "Attempts that a crash interrupted: they may or may not have reached the merchant.",
                        counts.possibly_sent));
  out.push_back(counter("ackd_silent_resends_total",
                        "Requests that libcurl sent again by itself on a connection that broke.",
                        counts.silent_resends));
}

void add_load(const EngineStats& engine, std::vector<Metric>& out) {
  out.push_back(gauge("ackd_lanes", "Lanes with pending notifications.", engine.lanes));
  out.push_back(gauge("ackd_hosts", "Hosts that those lanes go to.", engine.hosts));
  out.push_back(gauge("ackd_in_flight", "Requests on their way.", engine.in_flight));
  out.push_back(
      gauge("ackd_squeezed_in_flight", "Those of merchants that fail, one request each.", engine.squeezed_in_flight));
  out.push_back(gauge("ackd_untried_in_flight", "Those of merchants that have not answered yet, one request each.",
                      engine.untried_in_flight));
  out.push_back(gauge("ackd_lanes_at_rate", "Lanes that are due, and whose rate is used up.", engine.lanes_at_rate));
  out.push_back(gauge("ackd_unsettled", "Requests on their way, or answered and not yet committed.", engine.unsettled));
  out.push_back(gauge("ackd_admissions_queued", "Notifications that wait for their commit.", engine.admissions_queued));
  out.push_back(
      gauge("ackd_suspects", "Notifications that a crash interrupted, and that start one at a time.", engine.suspects));
  out.push_back(gauge("ackd_page_bytes", "Memory that pending notifications at hand use.", engine.page_bytes));
  out.push_back(counter("ackd_batches_total", "Batches handed to the outbox by this process.", engine.batches));
  out.push_back(counter("ackd_attempts_settled_total", "Attempts settled by this process.", engine.attempts_settled));
  out.push_back(
      counter("ackd_not_sent_total", "Attempts that trouble of our own kept from being made.", engine.not_sent));
}

void add_condition(const EngineStats& engine, std::vector<Metric>& out) {
  out.push_back(disk_bands(engine.disk));
  out.push_back(flag("ackd_storage_trouble", "1 while the outbox cannot be written.", engine.storage_trouble));
  out.push_back(flag("ackd_sending_suspended",
                     "1 while most hosts cannot be connected to, so that only those that answer are sent to.",
                     engine.sending == SendingState::kSuspended));
  out.push_back(flag("ackd_sending_ramping", "1 while sending comes back after it was suspended.",
                     engine.sending == SendingState::kRamping));
  out.push_back(gauge("ackd_hosts_failing", "Hosts that could not be connected to when last sent to, within a minute.",
                      engine.hosts_failing));
  out.push_back(
      gauge("ackd_hosts_reached", "Hosts that answered when last sent to, within a minute.", engine.hosts_reached));
  out.push_back(flag("ackd_memory_short", "1 while nothing is accepted for want of memory.", engine.memory_short));
  out.push_back(gauge("ackd_memory_max_bytes", "ingest.memory_max; 0 for none.", engine.memory.bytes_max));
  out.push_back(flag("ackd_clock_held", "1 while nothing is sent until the clock is confirmed.", engine.clock_held));
  out.push_back(gauge("ackd_clock_offset_seconds", "How far the clock of schedules leads the system's.",
                      seconds(engine.clock_offset.count())));
  out.push_back(flag("ackd_draining", "1 while this process is about to end.", engine.draining));
  out.push_back(flag("ackd_recovering", "1 while what was in flight at a crash is being recorded.", engine.recovering));
  out.push_back(flag("ackd_discovering", "1 while lanes are still being found after the start.", engine.discovering));
}

void add_process(const ProcessFacts& process, const EngineStats& engine, std::vector<Metric>& out) {
  out.push_back({"ackd_build_info", "1, with the version.", MetricKind::kGauge, {{{{"version", process.version}}, 1}}});
  out.push_back(gauge("process_start_time_seconds", "When this process started, in seconds since 1970.",
                      seconds(process.started_at.ms)));
  out.push_back(gauge("process_resident_memory_bytes", "Memory that this process uses.", engine.memory.bytes));
}

}  // namespace

ApiResponse respond_with_metrics(const ProcessFacts& process, const OutboxCounts& counts, const EngineStats& engine) {
  std::vector<Metric> metrics;
  add_record(counts, metrics);
  add_load(engine, metrics);
  add_condition(engine, metrics);
  add_process(process, engine, metrics);
  return {200, {{"Content-Type", kPrometheusContentType}}, to_prometheus_text(metrics)};
}

}  // namespace ackd
