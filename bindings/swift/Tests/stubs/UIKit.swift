// A stub of our own of what the package calls of UIKit and of Apple's Foundation: it proves nothing about Apple's.
import Foundation

public final class UIApplication {
    public static let didEnterBackgroundNotification = Notification.Name("background")
    public static let willEnterForegroundNotification = Notification.Name("foreground")
}

extension ProcessInfo {
    public func performExpiringActivity(withReason reason: String, using block: @escaping @Sendable (Bool) -> Void) {}
}
