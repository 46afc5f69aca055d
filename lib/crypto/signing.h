// Everything with which a payment protocol signs or seals, in one include: the renderer needs all of it.
#pragma once

#include "crypto/aes_gcm.h"            // IWYU pragma: export
#include "crypto/algorithm.h"          // IWYU pragma: export
#include "crypto/digest.h"             // IWYU pragma: export
#include "crypto/keyed_digest.h"       // IWYU pragma: export
#include "crypto/private_key.h"        // IWYU pragma: export
#include "crypto/private_key_cache.h"  // IWYU pragma: export
#include "crypto/public_key.h"         // IWYU pragma: export
