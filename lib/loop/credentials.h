// Where systemd put the credentials that it was told to hand to this service (LoadCredential=, systemd.exec(5)).
#pragma once

#include <string>

namespace ackd {

// The folder, or nothing where the service has no credentials. It comes by the environment, which is read nowhere else.
std::string credentials_folder();

}  // namespace ackd
