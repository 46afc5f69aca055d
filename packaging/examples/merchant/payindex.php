<?php
/*
 * A merchant's address for payindex notifications. PHP 7.1 or newer, without extensions.
 *
 *   PAYINDEX_KEY_FILE=key PAYINDEX_ORDERS=orders php -S 127.0.0.1:8080 payindex.php      to try it
 *
 * In production the web server runs it and sets both variables: the file with the key, and a folder that only this
 * program writes. Three things matter, whatever the framework:
 *   - nothing is believed before the signature has been checked, in constant time;
 *   - the answer is exactly OK, and comes only after the payment is booked durably;
 *   - a notification may come more than once, also after an OK that got lost: the repeat books nothing, and is OK too.
 */
declare(strict_types=1);

const FIELD_BYTES_MAX = 1024;

/** The upper-case MD5 over all fields that are signed and not empty, sorted by name, with the key behind them. */
function signature_of(array $fields, string $key): string
{
    unset($fields['sign'], $fields['attach']); // attach is not signed: do not trust it
    ksort($fields, SORT_STRING);
    $text = '';
    foreach ($fields as $name => $value) {
        // Not empty($value), which would drop the value 0 too.
        if ($value !== '') {
            $text .= "$name=$value&";
        }
    }
    return strtoupper(md5("{$text}key=$key"));
}

/** The fields of the request; nothing when it is not what a notification looks like. sign[]=x makes PHP an array. */
function fields_of_request(): ?array
{
    if (($_SERVER['REQUEST_METHOD'] ?? '') !== 'POST') {
        return null;
    }
    foreach ($_POST as $value) {
        if (!is_string($value) || strlen($value) > FIELD_BYTES_MAX) {
            return null;
        }
    }
    foreach (['memberid', 'orderid', 'amount', 'transaction_id', 'datetime', 'returncode', 'sign'] as $name) {
        if (!isset($_POST[$name])) {
            return null;
        }
    }
    return $_POST;
}

/**
 * Books the payment once, and returns when it is on disk. In your database: an INSERT under a unique key of
 * (orderid, transaction_id), in one transaction with what the payment sets off. Compare the amount with the order's
 * first, and refuse what differs.
 */
function book(array $fields, string $folder): void
{
    $final = $folder . '/' . hash('sha256', $fields['orderid'] . "\n" . $fields['transaction_id']);
    if (file_exists($final)) {
        return; // a repeat
    }
    $temporary = tempnam($folder, 'new-');
    $file = fopen($temporary, 'wb');
    $written = fwrite($file, json_encode($fields, JSON_INVALID_UTF8_SUBSTITUTE) . "\n") && fflush($file)
        && (!function_exists('fsync') || fsync($file)); // fsync() came with PHP 8.1
    fclose($file);
    // link() fails when the name exists, so that two requests at the same moment book once.
    $booked = $written && (@link($temporary, $final) || file_exists($final));
    unlink($temporary);
    if (!$booked) {
        throw new RuntimeException("cannot write $final");
    }
}

function answer(int $status, string $text): void
{
    http_response_code($status);
    header('Content-Type: text/plain; charset=utf-8');
    echo $text;
}

function handle(): void
{
    $fields = fields_of_request();
    if ($fields === null) {
        answer(400, 'this is no notification');
        return;
    }
    $key = rtrim((string) file_get_contents((string) getenv('PAYINDEX_KEY_FILE')), "\r\n");
    if ($key === '') {
        throw new RuntimeException('PAYINDEX_KEY_FILE names no key'); // never check with an empty key
    }
    if (!hash_equals(signature_of($fields, $key), $fields['sign'])) {
        answer(403, 'wrong signature');
        return;
    }
    if ($fields['returncode'] === '00') { // anything else says that the order was not paid
        book($fields, (string) getenv('PAYINDEX_ORDERS'));
    }
    answer(200, 'OK');
}

try {
    handle();
} catch (Throwable $trouble) {
    error_log((string) $trouble);
    answer(500, 'try again'); // not OK, so it comes again
}
// No closing tag: a newline behind it would become part of the answer.
