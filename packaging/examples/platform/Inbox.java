import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Hands notifications to ackd through the transactional inbox. Java 8 and plain JDBC; running it needs an SQLite driver
 * (org.xerial:sqlite-jdbc) on the class path.
 *
 * <pre>
 * javac --release 8 Inbox.java                                               (with a JDK 8: javac Inbox.java)
 * ackctl inbox init shop.db                                                  makes the inbox's tables, once
 * java -cp .:sqlite-jdbc.jar Inbox pay shop.db 10086 P-1001 12.30 T-77001    merchant, order, amount, transaction
 * java -cp .:sqlite-jdbc.jar Inbox prune shop.db /var/lib/ackd/inbox.mark    deletes what ackd has on record
 * </pre>
 */
public final class Inbox {
    private static final String ORDERS = "CREATE TABLE IF NOT EXISTS orders("
            + "id TEXT PRIMARY KEY, merchant TEXT NOT NULL, amount TEXT NOT NULL, paid_at TEXT NOT NULL)";
    private static final String PAY = "INSERT INTO orders(id, merchant, amount, paid_at)"
            + " VALUES (?, ?, ?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))";
    /** SQLite writes the JSON, so that no value can break it; a platform with a JSON library may use that. */
    private static final String NOTIFY = "INSERT INTO ackd_inbox(notification) VALUES (json_object("
            + "'provider', 'payindex', 'merchant', ?1, 'key', 'order-' || ?2 || '-paid', 'fields', json_object("
            + "'memberid', ?1, 'orderid', ?2, 'amount', ?3, 'transaction_id', ?4,"
            + " 'datetime', strftime('%Y%m%d%H%M%S', 'now', '+8 hours'), 'returncode', '00')))";
    private static final Pattern MARK = Pattern.compile("\"mark\"\\s*:\\s*([0-9]+)");
    private static final Pattern IDENTITY = Pattern.compile("\"identity\"\\s*:\\s*\"([^\"\\\\]*)\"");

    /**
     * The order is paid and its notification is on its way, or neither: both rows are in one transaction. ackd is not
     * asked and need not run; it reads the row within a moment.
     */
    public static void pay(Connection database, String merchant, String order, String amount, String transaction)
            throws SQLException {
        database.setAutoCommit(false);
        try (PreparedStatement paid = database.prepareStatement(PAY);
                PreparedStatement notification = database.prepareStatement(NOTIFY)) {
            paid.setString(1, order);
            paid.setString(2, merchant);
            paid.setString(3, amount);
            paid.executeUpdate();
            notification.setString(1, merchant);
            notification.setString(2, order);
            notification.setString(3, amount);
            notification.setString(4, transaction);
            notification.executeUpdate();
            database.commit();
        } catch (SQLException trouble) {
            database.rollback();
            throw trouble;
        }
    }

    /**
     * Deletes what ackd has on its own record, and returns how many rows that were. The row at the mark itself stays:
     * by it ackd recognises when an older copy of this database has taken its place. A mark of another database, told
     * by its identity, deletes nothing.
     */
    public static int prune(Connection database, String markFile) throws SQLException, IOException {
        final String published = new String(Files.readAllBytes(Paths.get(markFile)), StandardCharsets.UTF_8);
        try (PreparedStatement delete = database.prepareStatement("DELETE FROM ackd_inbox WHERE id < ?"
                + " AND EXISTS (SELECT 1 FROM ackd_inbox_source WHERE identity = ?)")) {
            delete.setLong(1, Long.parseLong(find(MARK, published)));
            delete.setString(2, find(IDENTITY, published));
            return delete.executeUpdate();
        }
    }

    private static String find(Pattern pattern, String text) throws IOException {
        final Matcher found = pattern.matcher(text);
        if (!found.find()) {
            throw new IOException("this is no mark of ackd's: " + text);
        }
        return found.group(1);
    }

    public static void main(String[] arguments) throws Exception {
        final boolean pays = arguments.length == 6 && arguments[0].equals("pay");
        final boolean prunes = arguments.length == 3 && arguments[0].equals("prune");
        if (!pays && !prunes) {
            System.err.println("usage: java Inbox pay DATABASE MERCHANT ORDER AMOUNT TRANSACTION");
            System.err.println("       java Inbox prune DATABASE MARK_FILE");
            System.exit(2);
        }
        try (Connection database = DriverManager.getConnection("jdbc:sqlite:" + arguments[1]);
                Statement statement = database.createStatement()) {
            statement.execute("PRAGMA busy_timeout = 5000");
            statement.execute(ORDERS);
            if (pays) {
                pay(database, arguments[2], arguments[3], arguments[4], arguments[5]);
            } else {
                System.out.println(prune(database, arguments[2]) + " rows deleted");
            }
        }
    }

    private Inbox() {}
}
