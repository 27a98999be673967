// Not verified: no Apple toolchain runs on this project's machines. Type-checked against a stub of UIKit (`Tests/stubs`).
#if canImport(UIKit)
import Foundation
import UIKit

/// The life cycle of an app of iOS. **Not verified on a device.**
public struct SystemLifeCycle: AppLifeCycle {
    /// That of this app.
    public init() {}

    /// As `AppLifeCycle` says. The system is asked for the time that `suspend` takes.
    public func observe(suspend: @escaping @Sendable () async -> Void, resume: @escaping @Sendable () async -> Void) {
        let center = NotificationCenter.default
        _ = center.addObserver(forName: UIApplication.didEnterBackgroundNotification, object: nil, queue: nil) { _ in
            ProcessInfo.processInfo.performExpiringActivity(withReason: "close the wallet") { isExpired in
                if isExpired { return }
                // The activity lasts as long as this block does, on a thread of its own.
                let done = DispatchSemaphore(value: 0)
                Task.detached {
                    await suspend()
                    done.signal()
                }
                done.wait()
            }
        }
        _ = center.addObserver(forName: UIApplication.willEnterForegroundNotification, object: nil, queue: nil) { _ in
            Task.detached { await resume() }
        }
    }
}
#endif
