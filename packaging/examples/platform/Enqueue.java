import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Hands one notification to ackd over TCP of loopback. Java 8, no dependencies.
 *
 * <pre>
 * javac --release 8 Enqueue.java                                  (with a JDK 8: javac Enqueue.java)
 * java Enqueue http://127.0.0.1:8081 notification.json
 * </pre>
 *
 * Prints the notification's id and exits with 0 when it is on disk. Any other exit code: it is not known to be
 * recorded, and the same command may be run again.
 */
public final class Enqueue {
    private static final int CONNECT_TIMEOUT_MS = 5_000;
    private static final int READ_TIMEOUT_MS = 30_000;
    private static final long GIVE_UP_AFTER_MS = 120_000;
    private static final long LONGEST_WAIT_MS = 30_000;
    private static final Pattern ID = Pattern.compile("\"id\"\\s*:\\s*\"([0-9]+)\"");

    /** Treat it as "not recorded": keep the order's state, and hand the same notification over again later. */
    public static final class NotRecorded extends Exception {
        private static final long serialVersionUID = 1L;

        NotRecorded(String reason) {
            super(reason);
        }
    }

    /** An answer of ackd, or (with status 0) the lack of one. */
    private static final class Answer {
        final int status;
        final long retryAfterMs;
        final String body;

        Answer(int status, long retryAfterMs, String body) {
            this.status = status;
            this.retryAfterMs = retryAfterMs;
            this.body = body;
        }
    }

    /**
     * Returns the id under which ackd has recorded the notification.
     *
     * <p>The body is the same in every attempt, and with it the idempotency key ("key"). So an attempt whose answer got
     * lost is harmless: the next one is answered with the id of the first.
     */
    public static String enqueue(String address, byte[] notification) throws NotRecorded, InterruptedException {
        final URL url;
        try {
            url = new URL(address + "/v1/notifications");
        } catch (IOException malformed) {
            throw new IllegalArgumentException(malformed);
        }
        final long deadline = System.nanoTime() + GIVE_UP_AFTER_MS * 1_000_000;
        long waitMs = 500;
        while (true) {
            final Answer answer = post(url, notification);
            if (answer.status == 200 || answer.status == 201) {
                return idOf(answer.body);
            }
            final boolean passes = answer.status == 0 || answer.status == 429 || answer.status >= 500;
            if (!passes) {
                throw new NotRecorded("refused with " + answer.status + ", repeating changes nothing: " + answer.body);
            }
            final long pauseMs = Math.min(answer.retryAfterMs > 0 ? answer.retryAfterMs : waitMs, LONGEST_WAIT_MS);
            if (System.nanoTime() + pauseMs * 1_000_000 > deadline) {
                throw new NotRecorded("no room in time; the last answer: " + answer.status + " " + answer.body);
            }
            Thread.sleep(pauseMs);
            waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
        }
    }

    private static Answer post(URL url, byte[] body) {
        try {
            // The proxy of the JVM is for the internet, not for the daemon beside us.
            final HttpURLConnection connection = (HttpURLConnection) url.openConnection(Proxy.NO_PROXY);
            connection.setConnectTimeout(CONNECT_TIMEOUT_MS);
            connection.setReadTimeout(READ_TIMEOUT_MS);
            connection.setInstanceFollowRedirects(false);
            connection.setRequestMethod("POST");
            connection.setRequestProperty("Content-Type", "application/json");
            connection.setDoOutput(true);
            // Without a fixed length HttpURLConnection keeps the body and repeats a POST by itself, unseen.
            connection.setFixedLengthStreamingMode(body.length);
            try (OutputStream out = connection.getOutputStream()) {
                out.write(body);
            }
            final int status = connection.getResponseCode();
            return new Answer(status, retryAfterMs(connection), read(connection, status));
        } catch (IOException trouble) { // ackd restarts, or the answer got lost
            return new Answer(0, 0, trouble.toString());
        }
    }

    private static long retryAfterMs(HttpURLConnection connection) {
        final String value = connection.getHeaderField("Retry-After");
        return value != null && value.matches("[0-9]{1,6}") ? Long.parseLong(value) * 1_000 : 0;
    }

    /** To its end, so that the connection can be used again. */
    private static String read(HttpURLConnection connection, int status) throws IOException {
        try (InputStream in = status >= 400 ? connection.getErrorStream() : connection.getInputStream()) {
            final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            final byte[] buffer = new byte[4096];
            for (int count = 0; in != null && (count = in.read(buffer)) > 0; ) {
                bytes.write(buffer, 0, count);
            }
            return new String(bytes.toByteArray(), StandardCharsets.UTF_8);
        }
    }

    /** Use the JSON library that you have; an answer of ackd's with status 200 or 201 is as simple as this. */
    private static String idOf(String body) throws NotRecorded {
        final Matcher id = ID.matcher(body);
        if (!id.find()) {
            throw new NotRecorded("this is no answer of ackd's: " + body);
        }
        return id.group(1);
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 2) {
            System.err.println("usage: java Enqueue http://127.0.0.1:PORT FILE");
            System.exit(2);
        }
        try {
            System.out.println(enqueue(arguments[0], Files.readAllBytes(Paths.get(arguments[1]))));
        } catch (NotRecorded reason) {
            System.err.println("not recorded: " + reason.getMessage());
            System.exit(1);
        }
    }

    private Enqueue() {}
}
