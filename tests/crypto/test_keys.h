// Key pairs for the tests of this folder. None of them has ever protected anything.
#pragma once

#include <string_view>

namespace ackd::test_keys {

inline constexpr std::string_view kRsaPrivate =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQDHyfpsz2eMh2S+\n"
    "3CsVQ613m6Y18mXZFs40jkYCXgqGZD0Nvb5+3czfD5vUaG6VGffptXOUSGg2kPv6\n"
    "Kgw/rAPcEI+NG8tFNn/Dl/5NTI0LfgaKitfSHiqn3Lgnx4wg6K7mt/Am8QMMNek1\n"
    "6l5PyQCUqkQUVfdTiqeE8DZwwodo18kz9m3N4NtswRpUdS1xW2ZfYZoN/jmk/M/f\n"
    "AuvByOyZafyOpmhdvlEztRU8LcTcHGm1xic/dJTXGIR2CVOM1KV/m0fNOuvWQKlx\n"
    "fRXC8egEbUCu+XQpY2/R3Llx8yzVdQ67ZpxOT5N+GROR/iXXNv1Scw5ZC/E236Xz\n"
    "bcuTLU0dAgMBAAECggEATY6B0XWeK/ZvTIwpiWKxV0or9qs3kFODDvHgCZE6IruM\n"
    "2+W5qoQtwLXNd2Jm8yiWjboruPd2xR/5QT7LbHg5M1eWcl/ExASJCoPZa2Z5Jmnw\n"
    "3h1R9LZTNsC/GGolYq0RIG1tI6DR3w6ajpyBqhVMTWnfbcmFbn/X0gpyB8nsSO0z\n"
    "nBg1MY/bPXkT6UhtvJ86UYYElzm8316hh2eW4HrUrAec+d+l3oyw6vPqf0r6ZurF\n"
    "qctniGZHgOBM0rJN+EaDan/7gURRMkXAitHru/PpdKX+MCvQhGmRl2Vfvmh0P9jM\n"
    "C+Vp8JCKd8ddESMDYzw6Wm9XUTyBNqylw8ou9NZ2nQKBgQDy6/E6gdb5DRTINMel\n"
    "JVilp/r6jd4h/12FQmIz7Lo3ckcyKrWBoTrMvldEjcKBZF4kKGpgNx7SwVhm+V6H\n"
    "EGD8FiukcvmrvG2M+aXJJj4hKPqBwhqcCCcq1rjEnsPlMF1qds+o8qAC1XlaVumZ\n"
    "92sHiWPn3mjAEXhsF/t8uCqd6wKBgQDSi4/HN9KSnXQjVFoDc4leluVHT3CPqUo7\n"
    "804SbJoC5aqao5Hp9uaZHs9/KbXCYIRqowhORkWErAaYj7lpsl8yn7q0S5h6PwGP\n"
    "wisDf9D+gdt3xY5oZMEA+qCrZq3E1ua4CKSJYVDi/zQOb1qoFkJCS0A3sK9Xy1r3\n"
    "KJig6jsXFwKBgHV7VDPWfW//OpDErdUZpbCf98pa+BX7GXCMNVAlab3M/8+sRhHG\n"
    "Nti0KSJXaL0JHFpiTWfw4HBO34EVkvjBHBZuZnbmwAalX1nxlpMccqm41sYQaKwT\n"
    "aVXXeI5mthjOdi85/J4ZkPct5L2jEODMfq+ra2zE7GYPTO0CADdGHh43AoGAd1Kt\n"
    "G4ShjII7zcICea5DDh6Kto1pB6Iz9iH//yUZa8bpl1ZYXbaWHfV+N11WK2Ez6pOX\n"
    "I3Vj9Lrhyhi6RhLXLQOldoTZV37ZzbWHVyZbNcI2tXx7JuLjF0DzSfCZTtNUUrxj\n"
    "M5C5nMxxnjSxtk1XI+ct7+Hsnd8cILMbPSdCceUCgYBUohpoYGFA6Gha/VY+vb82\n"
    "Mp1bAA20NSpWFcdvKT5+3CkLOiLbcVdzm8yKCxXSruTKAWHfb9buUHMwmm7TPRjk\n"
    "GB9GygICuLz0mdel1IMI1rO7HFpozJ8QgNMToi23LyC10/uktV3as85keNZnohjA\n"
    "aFY/kSe76oAz/gtt90J9Pg==\n"
    "-----END PRIVATE KEY-----\n";

inline constexpr std::string_view kRsaPublic =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAx8n6bM9njIdkvtwrFUOt\n"
    "d5umNfJl2RbONI5GAl4KhmQ9Db2+ft3M3w+b1GhulRn36bVzlEhoNpD7+ioMP6wD\n"
    "3BCPjRvLRTZ/w5f+TUyNC34GiorX0h4qp9y4J8eMIOiu5rfwJvEDDDXpNepeT8kA\n"
    "lKpEFFX3U4qnhPA2cMKHaNfJM/ZtzeDbbMEaVHUtcVtmX2GaDf45pPzP3wLrwcjs\n"
    "mWn8jqZoXb5RM7UVPC3E3BxptcYnP3SU1xiEdglTjNSlf5tHzTrr1kCpcX0VwvHo\n"
    "BG1Arvl0KWNv0dy5cfMs1XUOu2acTk+TfhkTkf4l1zb9UnMOWQvxNt+l823Lky1N\n"
    "HQIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

// Of the same pair.
inline constexpr std::string_view kRsaCertificate =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIDUDCCAjigAwIBAgIFEAJlMhUwDQYJKoZIhvcNAQELBQAwPzELMAkGA1UEBhMC\n"
    "Q04xFzAVBgNVBAoMDm5vdGlmeS12ZWN0b3JzMRcwFQYDVQQDDA50aHJvd2F3YXkt\n"
    "dGVzdDAeFw0yNjExMjIwOTM4NTlaFw0zNjExMTkwOTM4NTlaMD8xCzAJBgNVBAYT\n"
    "AkNOMRcwFQYDVQQKDA5ub3RpZnktdmVjdG9yczEXMBUGA1UEAwwOdGhyb3dhd2F5\n"
    "LXRlc3QwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQDHyfpsz2eMh2S+\n"
    "3CsVQ613m6Y18mXZFs40jkYCXgqGZD0Nvb5+3czfD5vUaG6VGffptXOUSGg2kPv6\n"
    "Kgw/rAPcEI+NG8tFNn/Dl/5NTI0LfgaKitfSHiqn3Lgnx4wg6K7mt/Am8QMMNek1\n"
    "6l5PyQCUqkQUVfdTiqeE8DZwwodo18kz9m3N4NtswRpUdS1xW2ZfYZoN/jmk/M/f\n"
    "AuvByOyZafyOpmhdvlEztRU8LcTcHGm1xic/dJTXGIR2CVOM1KV/m0fNOuvWQKlx\n"
    "fRXC8egEbUCu+XQpY2/R3Llx8yzVdQ67ZpxOT5N+GROR/iXXNv1Scw5ZC/E236Xz\n"
    "bcuTLU0dAgMBAAGjUzBRMB0GA1UdDgQWBBSsMJE4BRFXCsIKmygwt4cTpC+eEDAf\n"
    "BgNVHSMEGDAWgBSsMJE4BRFXCsIKmygwt4cTpC+eEDAPBgNVHRMBAf8EBTADAQH/\n"
    "MA0GCSqGSIb3DQEBCwUAA4IBAQCV6rVXfm0jffHZHE3FfN+HUvL46+PSX6Gqo2OB\n"
    "ChMnzQIrLeH4PIxePVPMoLCAfIoslEF1hcywF26EeIUKNIjtH1q9X6u6URqJ3AlF\n"
    "F8CfSXbrc5B2whCumDq9LhtkQpsz71l/ZWj+TSyFtp5JYPqRBvwIZfRSS4mXK7j9\n"
    "m/bOXWtVtiVg8j7ThqsiiMjRFLZasPrgWkUh5TbiKDeLfWTsWfCMc1xLAI27vHa8\n"
    "Li/vW63e1c25o2egYBdaA4d5nptJsyLllAY+DdGuRm9WsKhxzrDHEDbacK3DmgiJ\n"
    "6ET0gZqu+h5eITSk5sPluBW4iHWQR/St7bowVy1ivXBc245M\n"
    "-----END CERTIFICATE-----\n";

// The public key with which a provider's published sample verifies.
inline constexpr std::string_view kPublishedRsaPublic =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA2YKRPiRY8X0gEM+4Whqw\n"
    "g+tv22mxWv/HA55RipX6b5dHwpc+6zcsifF4EQ8M18fuyAJecQDbkEq6hRG8oba3\n"
    "JjGROsVC6Vu6Xg5k7YIAuni1WdOHhYdxXlcNus5ZNwYUu2RHInyYu4D8ICFt+mJb\n"
    "CTZJvJKuOYOTJ8rF6nqHUPQbFpiCcO6wsu2+CFnLD67E2d3REFWz+v7AMV43kces\n"
    "a0m5lBQ5S2Kj9/kU79rMfqaAbaP4vQKlf8otgeeBL/Ia+aeAvT1aC9UqBOA4o1oG\n"
    "YoCbQX+WHz7ifcEZOSW2CheEnkPoVdJdGzy3f57MT9ZEphu3kUOgyS84Up7ro/vL\n"
    "4wIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

// RFC 8032, 7.1, tests 1 and 2, in hex.
inline constexpr std::string_view kEd25519Seed1 = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
inline constexpr std::string_view kEd25519Public1 = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
inline constexpr std::string_view kEd25519Seed2 = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
inline constexpr std::string_view kEd25519Public2 = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";

// PKCS#8 that says "EC" and names the curve SM2.
inline constexpr std::string_view kSm2Private =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQgwUTw6ymEH+a+tq6z\n"
    "GpE6Aac32EVZrviPc73TyH97Ic2hRANCAAS6wNnQN2R/H146qs7BlOymyyb/AjoE\n"
    "alHfu+yvygYGAfvHNCK8g4npY0AVWrcDXd31CYpr7pLnRxcoP1PJgsr8\n"
    "-----END PRIVATE KEY-----\n";

// GM/T 0003.5, annex A: the public key of the worked signature as DER, in hex.
inline constexpr std::string_view kSm2Public =
    "3059301306072a8648ce3d020106082a811ccf5501822d03420004"
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";

}  // namespace ackd::test_keys
