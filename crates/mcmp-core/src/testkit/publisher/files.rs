//! Files arrive as they are.

use super::BIG;
use super::draft::Form;
use super::harness::{Applied, Kit};
use super::posts::goes_out;

pub(super) async fn an_image_arrives_byte_for_byte(kit: &Kit) -> Applied {
    goes_out(kit, &[Form::Image]).await
}

pub(super) async fn several_images_arrive_in_order(kit: &Kit) -> Applied {
    goes_out(kit, &[Form::Images]).await
}

pub(super) async fn a_video_arrives_byte_for_byte(kit: &Kit) -> Applied {
    goes_out(kit, &[Form::Video]).await
}

pub(super) async fn a_big_file_is_read_in_pieces(kit: &Kit) -> Applied {
    let stage = kit.stage().await;
    let planned = stage.planned(&[Form::BigFile]).await?;
    let size = planned.draft.media.iter().map(|file| file.bytes.len()).max();
    assert!(size > Some(2 * BIG), "a big file has more than {} bytes", 2 * BIG);
    stage.the_time_comes();
    stage.run(&planned).await;
    stage.assert_published(&planned).await;
    let reads = stage.media.reads();
    assert!(reads.largest <= BIG, "it asked for {} bytes at once", reads.largest);
    let most = u64::try_from(2 * BIG).unwrap();
    assert!(reads.most_held <= most, "it held {} bytes in memory", reads.most_held);
    Ok(())
}
