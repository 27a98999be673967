package az.gov.rid

import az.gov.rid.core.LogRecord
import az.gov.rid.core.logTo

/** The log of all wallets and readers of this process: codes and names of operations, never a value. */
public object RidLog {
    /**
     * Sends its lines to [take], on whatever thread failed: return at once. What [take] throws is dropped. `null`: nowhere, as at
     * the start.
     */
    public fun to(take: ((LogRecord) -> Unit)?) {
        logTo(take?.let { GuardedLog(it) })
    }
}
